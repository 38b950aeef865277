// The site that a client sees: scheme, host and port. A trusted proxy states these in headers, because the request that
// it sends to this server may have a different scheme, host and port.
import type { IncomingMessage } from "node:http";

/** The site that a request was sent to, as the client sees it. */
export interface Site {
  /** Undefined if the server cannot know whether the client uses TLS. */
  scheme: "http" | "https" | undefined;
  /** The host, with a port if the header contains a port. */
  host: string | undefined;
  /** The port that a trusted proxy states in the `X-Forwarded-Port` header. */
  port: string | undefined;
}

/**
 * The schemes that proxies state. Some proxies state the scheme of a WebSocket (ws, wss) instead of the scheme of its
 * page (http, https).
 */
const SCHEMES: Readonly<Record<string, Site["scheme"]>> = { http: "http", https: "https", ws: "http", wss: "https" };

/** Returns the site of a request. @param isProxied whether the request comes from a trusted proxy. */
export function siteOf({ headers }: IncomingMessage, isProxied: boolean): Site {
  if (!isProxied) return { scheme: undefined, host: headers.host, port: undefined };
  const port = first(headers["x-forwarded-port"]);
  return {
    scheme: SCHEMES[first(headers["x-forwarded-proto"])?.toLowerCase() ?? ""],
    host: first(headers["x-forwarded-host"]) ?? headers.host,
    port: port !== undefined && /^\d{1,5}$/.test(port) ? port : undefined,
  };
}

/** Returns the first value of a header; undefined if the first value is empty. Proxies append further values. */
function first(header: string | string[] | undefined): string | undefined {
  return (
    String(header ?? "")
      .split(",", 1)[0]!
      .trim() || undefined
  );
}
