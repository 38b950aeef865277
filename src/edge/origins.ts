// Checks the `Origin` header, which names the site whose page sent a request. Only browsers send this header.
import type { IncomingMessage } from "node:http";
import type { Addresses } from "./addresses.ts";
import { type Site, siteOf } from "./forwarded-site.ts";

/**
 * The errors with which a page is refused. `hostWithoutPort`: the page and the site differ only in the port, which
 * the `Host` header lacks. Some proxies remove the port.
 */
type SiteError = "foreignOrigin" | "hostWithoutPort";

/** The origin of sandboxed frames, which any site can create, and of some apps. */
export const OPAQUE = "null";

/** Checks the `Origin` of requests. */
export class Origins {
  readonly #allowed: readonly string[];
  /**
   * An allowed origin. The CORS header names it in the answers to pages that are not allowed. Without this header, the
   * framework would send `*`.
   */
  readonly #fallback: string;
  readonly #addresses: Addresses;

  /** @param allowed origins as browsers send them. Every page may join if the list is empty. */
  constructor(allowed: readonly string[], addresses: Addresses) {
    this.#allowed = allowed;
    this.#fallback = allowed.find((origin) => origin !== OPAQUE) ?? "";
    this.#addresses = addresses;
  }

  /**
   * Returns the error with which a join is refused because of the `Origin` of its request; undefined if the origin is
   * accepted. A request without an `Origin` is accepted, because no page of another site has sent it.
   */
  refusal(request: IncomingMessage): SiteError | undefined {
    const { origin } = request.headers;
    if (origin === undefined || this.#allowed.length === 0 || this.#allowed.includes(origin)) return undefined;
    const site = siteOf(request, this.#addresses.isFromProxy(request));
    const refusal = refusalOf(origin, site);
    if (refusal !== "hostWithoutPort" || site.port === undefined) return refusal;
    // A trusted proxy states the port that the host lacks.
    return refusalOf(origin, { ...site, host: `${site.host}:${site.port}` }) && refusal;
  }

  /**
   * Returns an error if a URL does not belong to the site that the request was sent to. This check protects the
   * monitor, so it is stricter than `refusal`. It ignores a port that the proxy states in a separate header.
   */
  refusalOfForeign(url: string, request: IncomingMessage): SiteError | undefined {
    return refusalOf(url, siteOf(request, this.#addresses.isFromProxy(request)));
  }

  /**
   * Returns the CORS headers for a page of `origin`. The SDK sends requests with `credentials: "include"`. Browsers
   * reject the value `*` for such requests, so the answer repeats the origin. This is safe, because the server uses no
   * cookies.
   */
  corsHeaders(origin: string | null | undefined): Record<string, string> {
    if (this.#allowed.length === 0) return { "Access-Control-Allow-Origin": origin || "*", Vary: "Origin" };
    const allowed = origin && this.#allowed.includes(origin) ? origin : this.#fallback;
    return { "Access-Control-Allow-Origin": allowed, Vary: "Origin" };
  }
}

/** Returns the error with which the page at `url` is refused; undefined if the page belongs to the site. */
function refusalOf(url: string, site: Site): SiteError | undefined {
  const page = URL.parse(url);
  const own = page && URL.parse(`${page.protocol}//${site.host}`);
  if (!own || page.host === "" || (site.scheme && `${site.scheme}:` !== page.protocol)) return "foreignOrigin";
  if (own.host === page.host) return undefined;
  return own.port === "" && own.hostname === page.hostname ? "hostWithoutPort" : "foreignOrigin";
}
