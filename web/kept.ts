// Values that the browser keeps for the page: for all visits (`localStorage`), or for this window (`sessionStorage`).

/** Where a value is kept. */
type Area = "localStorage" | "sessionStorage";

/** Returns a kept value; undefined if there is none, or if the browser does not let the page keep values. */
export function kept(key: string, area: Area = "localStorage"): string | undefined {
  try {
    return window[area].getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a value. Does nothing if the browser does not let the page keep values. */
export function keep(key: string, value: string, area: Area = "localStorage"): void {
  try {
    window[area].setItem(key, value);
  } catch {}
}
