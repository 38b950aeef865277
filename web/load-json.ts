// Loads data from the server of the page.

/** Timeout of a request. */
const TIMEOUT_MS = 15_000;

/** Loads JSON. @throws {Error} if the server does not answer with a success status and JSON within TIMEOUT_MS. */
export async function loadJson<Content>(url: URL): Promise<Content> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`cannot load ${url}: HTTP status ${response.status}`);
  return response.json();
}
