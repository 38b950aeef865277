// Checks the `Origin` header: which sites' pages may join. Only browsers send this header.
import type { IncomingMessage } from "node:http";
import type { Addresses } from "./addresses.ts";

/** Checks the `Origin` of requests. */
export class Origins {
  readonly #allowed: readonly string[];
  readonly #addresses: Addresses;

  /** @param allowed origins as browsers send them. If the list is empty, every page may join. */
  constructor(allowed: readonly string[], addresses: Addresses) {
    this.#allowed = allowed;
    this.#addresses = addresses;
  }

  /** Whether the origin of a request may join. A request without an `Origin` may: no page sent it. */
  allows(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined || this.#allowed.length === 0) return true;
    return this.#allowed.includes(origin) || this.isOwn(origin, request);
  }

  /** Whether a URL belongs to the site that the request was sent to, as the client sees it. */
  isOwn(url: string, request: IncomingMessage): boolean {
    if (!URL.canParse(url)) return false;
    const { protocol, host } = new URL(url);
    const proxied = this.#addresses.isFromProxy(request);
    const own = (proxied && first(request.headers["x-forwarded-host"])) || request.headers.host;
    const scheme = proxied && first(request.headers["x-forwarded-proto"]);
    // Without the header of a trusted proxy, the server cannot know whether the client uses https.
    if (scheme && `${scheme}:` !== protocol) return false;
    const address = `${protocol}//${own}`;
    return URL.canParse(address) && host === new URL(address).host;
  }

  /**
   * Returns the CORS headers for a page of `origin`. The SDK sends requests with `credentials: "include"`, for which
   * browsers reject `*`. So the answer repeats the origin. This is safe, because the server uses no cookies.
   */
  corsHeaders(origin: string | null | undefined): Record<string, string> {
    if (this.#allowed.length === 0) return { "Access-Control-Allow-Origin": origin || "*", Vary: "Origin" };
    const allowed = origin && this.#allowed.includes(origin) ? origin : this.#allowed[0]!;
    return { "Access-Control-Allow-Origin": allowed, Vary: "Origin" };
  }
}

/** Returns the first value of a header to which each proxy may append a value. */
function first(header: string | string[] | undefined): string | undefined {
  return (
    String(header ?? "")
      .split(",", 1)[0]!
      .trim() || undefined
  );
}
