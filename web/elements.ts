// Finds elements of a page and writes into them.

/** Returns the element with this id. @throws {Error} if there is no such element, or if it has another type. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page has no ${kind.name} with the id "${id}"`);
  return element;
}

/** Writes a text if it has changed. An unchanged text causes no layout, and screen readers do not repeat it. */
export function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
