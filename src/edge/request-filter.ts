// Filters connections, requests and upgrades before any other code sees them. It applies the limits per address, and
// refuses foreign origins and malformed requests.
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { logger, matchMaker } from "colyseus";
import helmet from "helmet";
import { serverError } from "../../rooms/server-error.ts";
import { ERRORS, type ErrorName, errorBody } from "../../schema/errors.ts";
import type { EdgeCounters, EdgeRefusal } from "../telemetry/edge-counters.ts";
import { Addresses, rateLimitKey } from "./addresses.ts";
import { ConnectionCounter } from "./connection-counter.ts";
import type { RequestFilter } from "./edge-server.ts";
import { configureMatchmaking } from "./matchmaking.ts";
import { Origins } from "./origins.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { hasBody, readBody } from "./request-body.ts";

/** The settings of the filter. A limit of 0 means no limit. */
export interface EdgeFilterSettings {
  /** The proxies whose `X-Forwarded-…` headers are trusted, as in `TRUST_PROXY`. */
  trustedProxies: string[];
  /** As in `ALLOWED_ORIGINS`. */
  allowedOrigins: string[];
  /** Open WebSockets per address. */
  maxConnectionsPerAddress: number;
  /** Joins and sign-ins per minute and address. */
  maxJoinsPerMinute: number;
}

/** The path of the plain protocol. */
export const PLAIN_PATH = "/websocket";

/** The path on which a client returns to its held seat. */
const RECONNECT_PATH = "/matchmake/reconnect/";

/** Connections that are not WebSockets, per WebSocket that an address may have. Browsers open up to six. */
const CONNECTIONS_PER_SOCKET = 6;

/** Plain WebSockets per address that are accepted beyond the limit, only to send them the refusal. */
const MAX_EXPLAINED_REFUSALS = 8;

/** Sets the security headers of every answer. Only the monitor loads anything from another site: a font from Google. */
const setSecurityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      // In older versions of Safari, 'self' does not include WebSockets.
      connectSrc: ["'self'", "ws:", "wss:"],
      // The playground's editors start workers from blobs.
      workerSrc: ["'self'", "blob:"],
      // The page fetches its images and shows them from blobs.
      imgSrc: ["'self'", "data:", "blob:"],
      styleSrc: ["'self'", "'unsafe-inline'", "https://fonts.googleapis.com"],
      fontSrc: ["'self'", "data:", "https://fonts.gstatic.com"],
      objectSrc: ["'none'"],
      baseUri: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'self'"],
    },
  },
  // The monitor's page must prove that its calls are its own. Over plain http only the Referer does that.
  referrerPolicy: { policy: "same-origin" },
  // The proxy that terminates TLS sets this header.
  strictTransportSecurity: false,
});

/** The error that refuses a request. */
interface Refusal {
  error: EdgeRefusal;
  /** Seconds after which a retry may succeed. */
  retryAfter?: number;
}

/** The request filter of the server. */
export class EdgeFilter implements RequestFilter {
  readonly addresses: Addresses;
  readonly origins: Origins;
  readonly #maxSockets: number;
  readonly #sockets = new ConnectionCounter();
  /** Connections that are not WebSockets. */
  readonly #connections = new ConnectionCounter();
  /** By connection: the function that takes it out of `#connections`, for example when it becomes a WebSocket. */
  readonly #releases = new WeakMap<Duplex, () => void>();
  /** Plain WebSockets beyond the limit, which are accepted only to send them the refusal. */
  readonly #overLimit = new WeakSet<IncomingMessage>();
  readonly #joins: RateLimiter | undefined;
  /**
   * Reconnections have their own limiter. After a network failure, all players of one address reconnect at once. Joins
   * from that address must not keep them out of their held seats. The limit stops clients that guess tokens.
   */
  readonly #reconnections: RateLimiter | undefined;
  readonly #edgeCounters: EdgeCounters;
  /** Whether the warning about an untrusted proxy was logged. It is logged once. */
  #hasWarned = false;

  /** Counts and logs a refusal. */
  readonly onRefused = (error: EdgeRefusal, address: string): void => this.#edgeCounters.onRefused(error, address);

  constructor(settings: EdgeFilterSettings, edgeCounters: EdgeCounters) {
    this.#edgeCounters = edgeCounters;
    this.addresses = new Addresses(settings.trustedProxies);
    this.origins = new Origins(settings.allowedOrigins, this.addresses);
    this.#maxSockets = settings.maxConnectionsPerAddress || Number.POSITIVE_INFINITY;
    const joins = settings.maxJoinsPerMinute;
    this.#joins = joins > 0 ? new RateLimiter(joins, 60) : undefined;
    this.#reconnections = joins > 0 ? new RateLimiter(joins, 60) : undefined;
    configureMatchmaking(this.origins);
  }

  connection(socket: Socket): boolean {
    const { remoteAddress } = socket;
    // All clients of a proxy share its address, so the proxy must limit its connections itself.
    if (this.#maxSockets === Number.POSITIVE_INFINITY || this.addresses.isProxy(remoteAddress)) return true;
    const key = rateLimitKey(remoteAddress ?? "");
    const count = this.#connections.increment(key);
    let counted = true;
    const release = () => {
      if (counted) this.#connections.decrement(key);
      counted = false;
    };
    socket.once("close", release);
    this.#releases.set(socket, release);
    if (count <= this.#maxSockets * CONNECTIONS_PER_SOCKET) return true;
    this.#edgeCounters.onRefused("tooManyConnections", key, false);
    return false;
  }

  request(request: IncomingMessage, response: ServerResponse, pass: () => void): void {
    setSecurityHeaders(request, response, () => {
      this.#identify(request);
      const refusal = this.#refusalOf(request);
      if (refusal) this.#refuse(request, response, refusal);
      else if (isReadOnly(request) && !hasBody(request)) pass();
      // Every request that is not read-only counts as a join or a sign-in. So no spelling of a path evades the limit.
      else this.#passComplete(request, response, pass);
    });
  }

  upgrade(request: IncomingMessage, socket: Duplex, pass: () => void): void {
    this.#releases.get(socket)?.();
    const address = this.#identify(request);
    this.addresses.keep(socket, address);
    const refusal = this.#refusalOfUpgrade(request, socket, address);
    if (refusal) {
      this.onRefused(refusal.error, address);
      refuseUpgrade(socket, refusal.error);
    } else pass();
  }

  /**
   * Returns the address that a request counts for, and sets it as `X-Real-IP` for the framework, which would otherwise
   * trust any client's headers.
   */
  #identify(request: IncomingMessage): string {
    const address = this.addresses.of(request);
    request.headers["x-real-ip"] = address;
    if (!this.#hasWarned && this.addresses.isFromUnknownProxy(request)) {
      this.#hasWarned = true;
      const from = request.socket.remoteAddress;
      logger.warn(
        `X-Forwarded-For comes from ${from}, which is not in TRUST_PROXY: all clients behind it share one address; ` +
          "add it to TRUST_PROXY if it is your proxy",
      );
    }
    return address;
  }

  #refusalOfUpgrade(request: IncomingMessage, socket: Duplex, address: string): Refusal | undefined {
    if (isMalformed(request)) return { error: "badRequest" };
    if (!this.origins.allows(request)) return { error: "foreignOrigin" };
    const count = this.#sockets.increment(address);
    socket.once("close", () => this.#sockets.decrement(address));
    if (count <= this.#maxSockets) return undefined;
    const isPlain = request.url?.split("?", 1)[0] === PLAIN_PATH;
    if (!isPlain || count > this.#maxSockets + MAX_EXPLAINED_REFUSALS) return { error: "tooManyConnections" };
    this.#overLimit.add(request);
    return undefined;
  }

  /**
   * Admits a join over a plain WebSocket.
   * @throws {ServerError} if its address has too many WebSockets, or has joined too often.
   */
  async admitPlain(request: IncomingMessage): Promise<void> {
    const refusal: Refusal | undefined = this.#overLimit.has(request)
      ? { error: "tooManyConnections" }
      : await this.#consume(this.#joins, request);
    if (!refusal) return;
    this.onRefused(refusal.error, this.addresses.of(request));
    throw serverError(refusal.error);
  }

  /** Checks the rate limit and reads the body, then passes the request on. */
  async #passComplete(request: IncomingMessage, response: ServerResponse, pass: () => void): Promise<void> {
    try {
      const limiter = request.url!.startsWith(RECONNECT_PATH) ? this.#reconnections : this.#joins;
      const refusal = isReadOnly(request)
        ? undefined
        : ((await this.#consume(limiter, request)) ?? refusalOfType(request));
      const body = refusal || !hasBody(request) ? "" : await readBody(request);
      if (refusal) this.#refuse(request, response, refusal);
      else if (body === undefined) this.#refuse(request, response, { error: "tooLarge" });
      else if (hasBody(request) && !isValidBody(request, body))
        this.#refuse(request, response, { error: "badRequest" });
      else {
        // The framework reads this property instead of the stream, which has been consumed.
        if (hasBody(request)) Object.assign(request, { body });
        pass();
      }
    } catch (error) {
      logger.debug({ err: error }, "request aborted");
      request.socket.destroy();
    }
  }

  async #consume(limiter: RateLimiter | undefined, request: IncomingMessage): Promise<Refusal | undefined> {
    const retryAfter = (await limiter?.consume(this.addresses.of(request))) ?? 0;
    return retryAfter > 0 ? { error: "tooManyJoins", retryAfter } : undefined;
  }

  /** Checks the head of a request. Returns why it is refused, or undefined. */
  #refusalOf(request: IncomingMessage): Refusal | undefined {
    if (isMalformed(request)) return { error: "badRequest" };
    // The framework trusts this header. Only a trusted proxy may set it, and only to `http` or `https`.
    const forwarded = request.headers["x-forwarded-proto"];
    if (!this.addresses.isFromProxy(request) || !/^https?$/.test(String(forwarded))) {
      delete request.headers["x-forwarded-proto"];
    }
    const isPreflight = request.method === "OPTIONS";
    const isJoin = !isReadOnly(request) || /^\/+auth\b/i.test(request.url!);
    return isJoin && !isPreflight && !this.origins.allows(request) ? { error: "foreignOrigin" } : undefined;
  }

  /** Answers like the framework's matchmaking, so that the SDK throws the same error. */
  #refuse(request: IncomingMessage, response: ServerResponse, { error, retryAfter }: Refusal): void {
    this.onRefused(error, this.addresses.of(request));
    const body = JSON.stringify(errorBody(error));
    const headers = {
      ...matchMaker.controller.DEFAULT_CORS_HEADERS,
      ...this.origins.corsHeaders(request.headers.origin),
      ...(retryAfter ? { "Retry-After": String(retryAfter) } : {}),
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(body),
    };
    response.writeHead(ERRORS[error].code, headers).end(body);
  }
}

/** Refuses an upgrade with an HTTP answer and closes its connection. */
export function refuseUpgrade(socket: Duplex, error: ErrorName): void {
  const { code } = ERRORS[error];
  const body = JSON.stringify(errorBody(error));
  // After an upgrade Node handles neither errors nor the end of the socket. An unhandled error would stop the process.
  socket.on("error", () => socket.destroy());
  socket.once("finish", () => socket.destroy());
  socket.end(
    [
      `HTTP/1.1 ${code} ${STATUS_CODES[code]}`,
      "Connection: close",
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(body)}`,
      "",
      body,
    ].join("\r\n"),
  );
}

/** Refuses bodies that are not JSON. The framework would read other types too, but our clients do not send them. */
function refusalOfType(request: IncomingMessage): Refusal | undefined {
  const type = request.headers["content-type"];
  if (!hasBody(request) || type === undefined || /^application\/json\s*(;|$)/i.test(type)) return undefined;
  return { error: "unsupportedType" };
}

function isReadOnly({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** Whether a JSON body is an object; other types are not checked. The framework would log a body it cannot parse. */
function isValidBody({ headers }: IncomingMessage, body: string): boolean {
  if (!headers["content-type"]?.includes("json")) return true;
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** A host name or an IP address, with an optional port. */
const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i;

/** Whether the head of a request has an invalid target or host. */
function isMalformed({ url = "", headers: { host } }: IncomingMessage): boolean {
  if (host !== undefined && !(HOST.test(host) && URL.canParse(`http://${host}`))) return true;
  const path = url.split("?", 1)[0]!;
  if (!path.startsWith("/") || path.includes("\\")) return true;
  try {
    return decodeURIComponent(path).includes("\0");
  } catch {
    return true;
  }
}
