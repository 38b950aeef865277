// Reports when the user leaves a page. Does nothing in a program without a page.

/**
 * The user has not left the page if the page still runs this many milliseconds after `beforeunload`. A click on a
 * download link emits this event too.
 */
const STAYED_MS = 3000;

/**
 * Calls `leave` when the user leaves the page. The call is synchronous, so `leave` can still send. Calls `stayed` when
 * the browser restores the page from its back/forward cache, or when the user has not left the page after all.
 *
 * The client must tell the server that the player leaves. Otherwise the server would hold the player's seat, and a page
 * in the back/forward cache could even keep its connection.
 *
 * Listens to both `beforeunload` and `pagehide`. Firefox closes all WebSockets before `pagehide`. However, phones do
 * not always emit `beforeunload`.
 * @returns a function that stops listening.
 */
export function onPageLeft(leave: () => void, stayed: () => void): () => void {
  if (typeof document === "undefined") return () => {};
  const end = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const on = <Name extends keyof WindowEventMap>(name: Name, listener: (event: WindowEventMap[Name]) => void) =>
    addEventListener(
      name,
      (event) => {
        clearTimeout(timer);
        listener(event);
      },
      { signal: end.signal },
    );
  on("beforeunload", () => {
    leave();
    timer = setTimeout(stayed, STAYED_MS);
  });
  on("pagehide", leave);
  on("pageshow", (event) => {
    if (event.persisted) stayed();
  });
  return () => {
    clearTimeout(timer);
    end.abort();
  };
}
