// Finds the elements that a page promises, and writes into them.

/** The element with that id. @throws if there is none, or of another kind. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return element;
}

/** Writes a text where it is not there already: what does not change costs no layout, and is not read out again. */
export function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
