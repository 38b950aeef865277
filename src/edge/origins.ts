// Whose pages may join: browsers say in `Origin` which site a page is of, and nobody else has reason to.
import type { IncomingMessage } from "node:http";
import type { Addresses } from "./addresses.ts";

/** Judges the `Origin` of requests. */
export class Origins {
  readonly #allowed: readonly string[];
  readonly #addresses: Addresses;

  /** `allowed`: origins as browsers send them; with none in the list every page may join. */
  constructor(allowed: readonly string[], addresses: Addresses) {
    this.#allowed = allowed;
    this.#addresses = addresses;
  }

  /** Whether a request may join, as far as its origin is concerned. What is no browser has none. */
  allows(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined || this.#allowed.length === 0) return true;
    return this.#allowed.includes(origin) || this.isOwn(origin, request);
  }

  /** Whether a URL is of the site that the request was sent to, as the client knows it. */
  isOwn(url: string, request: IncomingMessage): boolean {
    if (!URL.canParse(url)) return false;
    const { protocol, host } = new URL(url);
    const proxied = this.#addresses.isFromProxy(request);
    const own = (proxied && first(request.headers["x-forwarded-host"])) || request.headers.host;
    const scheme = proxied && first(request.headers["x-forwarded-proto"]);
    // Without a proxy that says so nobody knows whether the client came by https.
    if (scheme && `${scheme}:` !== protocol) return false;
    const address = `${protocol}//${own}`;
    return URL.canParse(address) && host === new URL(address).host;
  }

  /**
   * The CORS headers for a page of `origin`. The SDK asks with `credentials: "include"`, which browsers refuse to answers
   * for `*`; so the origin is repeated. There are no cookies here, so nothing is given away by that.
   */
  corsHeaders(origin: string | null | undefined): Record<string, string> {
    if (this.#allowed.length === 0) return { "Access-Control-Allow-Origin": origin || "*", Vary: "Origin" };
    const allowed = origin && this.#allowed.includes(origin) ? origin : this.#allowed[0]!;
    return { "Access-Control-Allow-Origin": allowed, Vary: "Origin" };
  }
}

/** The first of the values that proxies have put into a header. */
function first(header: string | string[] | undefined): string | undefined {
  return (
    String(header ?? "")
      .split(",", 1)[0]!
      .trim() || undefined
  );
}
