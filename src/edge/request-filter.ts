// Filters connections, requests and upgrades before any other code sees them. It applies the limits per address. It
// also refuses malformed requests and requests from the pages of other sites.
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
import { ConnectionLimit } from "./connection-limit.ts";
import { DroppedUpgrades, isUpgradeDropped } from "./dropped-upgrades.ts";
import type { RequestFilter } from "./edge-server.ts";
import { siteOf } from "./forwarded-site.ts";
import { configureMatchmaking, type ReplacedConnections } from "./matchmaking.ts";
import { OPAQUE, Origins } from "./origins.ts";
import { ProxyHints } from "./proxy-hints.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { hasBody, readBody } from "./request-body.ts";
import { claimedSeatOf, isSocketRequest, PLAIN_PATH, pathOf } from "./socket-paths.ts";

/** The settings of the filter. A limit of 0 means no limit. */
export interface EdgeFilterSettings {
  /** The proxies whose `X-Forwarded-…` headers are trusted, as in `TRUST_PROXY`. */
  trustedProxies: string[];
  /** The origins of the pages that may join, as in `ALLOWED_ORIGINS`. */
  allowedOrigins: string[];
  /** Maximum open WebSockets per address. */
  maxConnectionsPerAddress: number;
  /** Maximum joins and sign-ins per minute and address. */
  maxJoinsPerMinute: number;
}

/** The path of the requests with which a client returns to its held seat (its place in a room). */
const RECONNECT_PATH = "/matchmake/reconnect/";

/**
 * The number of HTTP connections that an address may have for each WebSocket that its limit allows. A browser opens up
 * to six HTTP connections per site.
 */
const CONNECTIONS_PER_SOCKET = 6;

/** Maximum number, per address, of open plain WebSockets that the server accepted only to send a refusal. */
const MAX_EXPLAINED_REFUSALS = 8;

/**
 * Sets the security headers of every answer. Only the monitor loads something from another site: a font from Google.
 */
const setSecurityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      // In older versions of Safari, 'self' does not include WebSockets.
      connectSrc: ["'self'", "ws:", "wss:"],
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
  // The monitor accepts a call only with proof that the monitor's own page made the call. Over plain http, the Referer
  // header is the only proof.
  referrerPolicy: { policy: "same-origin" },
  // The proxy that terminates TLS should set this header.
  strictTransportSecurity: false,
});

/** The error with which a request is refused. */
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
  readonly #limit: ConnectionLimit;
  /** HTTP connections that have not become WebSockets. */
  readonly #connections = new ConnectionCounter();
  /**
   * For each connection, the function that stops counting it in `#connections`. Called when the connection closes or
   * becomes a WebSocket.
   */
  readonly #releases = new WeakMap<Duplex, () => void>();
  /**
   * The requests for plain WebSockets that are accepted only so that a refusal can be sent, each with its refusal.
   * `#explained` counts these WebSockets by address.
   */
  readonly #refusedPlain = new WeakMap<IncomingMessage, EdgeRefusal>();
  readonly #explained = new ConnectionCounter();
  readonly #droppedUpgrades = new DroppedUpgrades();
  readonly #joins: RateLimiter | undefined;
  /**
   * Reconnections have their own limiter. After a network failure, all players of one address reconnect at once. Joins
   * from that address must not keep these players out of their held seats. This limiter stops clients that guess
   * reconnection tokens.
   */
  readonly #reconnections: RateLimiter | undefined;
  readonly #edgeCounters: EdgeCounters;
  readonly #hints: ProxyHints;
  readonly #replaced: ReplacedConnections;

  /** Counts and logs the refusal of a request. */
  readonly onRefused = (error: EdgeRefusal, request: IncomingMessage): void => {
    if (error === "hostWithoutPort") this.#hints.hostWithoutPort(request);
    if (error === "upgradeDropped") this.#hints.upgradeDropped(request);
    this.countRefusal(error, this.addresses.of(request));
  };

  constructor(settings: EdgeFilterSettings, edgeCounters: EdgeCounters, replaced: ReplacedConnections) {
    this.#edgeCounters = edgeCounters;
    this.#replaced = replaced;
    this.addresses = new Addresses(settings.trustedProxies);
    this.#hints = new ProxyHints(this.addresses);
    this.origins = new Origins(settings.allowedOrigins, this.addresses);
    this.#maxSockets = settings.maxConnectionsPerAddress || Number.POSITIVE_INFINITY;
    this.#limit = new ConnectionLimit(settings.maxConnectionsPerAddress);
    const joins = settings.maxJoinsPerMinute;
    this.#joins = joins > 0 ? new RateLimiter(joins, 60) : undefined;
    this.#reconnections = joins > 0 ? new RateLimiter(joins, 60) : undefined;
    configureMatchmaking(this.origins);
  }

  connection(socket: Socket): boolean {
    const { remoteAddress } = socket;
    // All clients of a trusted proxy share the proxy's address, so the proxy itself must limit their connections.
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
      // Browsers and proxies must not store answers. A stored answer could say that the server is ready, or that a join
      // was refused, when this is no longer true.
      response.setHeader("Cache-Control", "no-store");
      const address = this.#identify(request);
      hideOpaqueOrigin(request);
      if (isUpgradeDropped(request)) {
        this.#droppedUpgrades.add(address);
        this.onRefused("upgradeDropped", request);
      }
      const refusal = this.#refusalOf(request);
      if (refusal) this.#refuse(request, response, refusal);
      else if (isReadOnly(request) && !hasBody(request)) pass();
      // The rate limit on joins applies to every request that is not read-only, whatever its path. So a client cannot
      // evade the limit with another spelling of the path.
      else this.#passComplete(request, response, pass);
    });
  }

  upgrade(request: IncomingMessage, socket: Duplex, pass: () => void): void {
    this.#releases.get(socket)?.();
    const address = this.#identify(request);
    this.#hints.checkPlayer(request);
    this.addresses.keep(socket, address);
    const error = this.#refusalOfUpgrade(request, socket, address);
    if (error) {
      this.onRefused(error, request);
      refuseUpgrade(socket, error);
    } else pass();
  }

  /**
   * Returns the address under which the limits count a request. Sets the `X-Real-IP` header, and sets or removes
   * `X-Forwarded-Proto`, because the framework would otherwise trust the values that a client sends.
   */
  #identify(request: IncomingMessage): string {
    const address = this.addresses.of(request);
    request.headers["x-real-ip"] = address;
    const { scheme } = siteOf(request, this.addresses.isFromProxy(request));
    if (scheme) request.headers["x-forwarded-proto"] = scheme;
    else delete request.headers["x-forwarded-proto"];
    this.#hints.checkAddress(request);
    return address;
  }

  #refusalOfUpgrade(request: IncomingMessage, socket: Duplex, address: string): EdgeRefusal | undefined {
    if (isMalformed(request)) return "badRequest";
    this.#droppedUpgrades.delete(address);
    const error = this.origins.refusal(request) ?? this.#countSocket(request, socket, address);
    if (!error || pathOf(request) !== PLAIN_PATH) return error;
    // A client on a plain WebSocket cannot read the answer to a refused upgrade. So the upgrade is accepted, and the
    // client gets an error frame.
    socket.once("close", () => this.#explained.decrement(address));
    if (this.#explained.increment(address) > MAX_EXPLAINED_REFUSALS) return error;
    this.#refusedPlain.set(request, error);
    return undefined;
  }

  #countSocket(request: IncomingMessage, socket: Duplex, address: string): "tooManyConnections" | undefined {
    const { roomId, sessionId, reconnectionToken } = claimedSeatOf(request);
    socket.once("close", () => this.#limit.close(address));
    const isWithin = this.#limit.open(address, sessionId, () => this.#replaced.isConnected(roomId, reconnectionToken));
    return isWithin ? undefined : "tooManyConnections";
  }

  /**
   * Counts a join as a connection of its address, until a WebSocket claims its seat. Called before each join over HTTP.
   * @throws {ServerError} if the address has too many connections.
   */
  async reserve(address: string, isReturning: () => boolean | Promise<boolean>) {
    const reservation = await this.#limit.reserve(address, isReturning);
    if (reservation) return reservation;
    this.countRefusal("tooManyConnections", address);
    throw serverError("tooManyConnections");
  }

  /**
   * Returns the error that an upgrade from the client of this request would get now. A client asks for the error after
   * a failed upgrade, because browsers hide the error of an upgrade.
   */
  reasonOfFailedUpgrade(request: IncomingMessage): ErrorName {
    const address = this.addresses.of(request);
    const foreign = this.origins.refusal(request);
    if (foreign) return foreign;
    if (this.#droppedUpgrades.has(address)) return "upgradeDropped";
    return this.#limit.isFull(address, claimedSeatOf(request).sessionId) ? "tooManyConnections" : "upgradeRequired";
  }

  /** Counts and logs a refusal. May also warn that the address belongs to a proxy or to a shared network. */
  countRefusal(error: EdgeRefusal, address: string): void {
    this.#edgeCounters.onRefused(error, address);
    const isLimit = error === "tooManyConnections" || error === "tooManyJoins";
    if (isLimit && this.#limit.addresses === 1) this.#hints.sharedAddress(address, this.#limit.count(address));
  }

  /**
   * Checks the limits for a join over a plain WebSocket.
   * @param token the token that the client has sent.
   * @throws {ServerError} if the request comes from a page of another site. Also throws if the address of the request
   * has too many connections, or has sent too many joins.
   */
  async admitPlain(request: IncomingMessage, token: string | undefined): Promise<void> {
    let error: EdgeRefusal | undefined = this.#refusedPlain.get(request);
    const isFull = error === "tooManyConnections";
    if (isFull && (await this.#replaced.isTakeover(token, this.addresses.of(request)))) error = undefined;
    error ??= (await this.#consume(this.#joins, request))?.error;
    if (!error) return;
    this.onRefused(error, request);
    throw serverError(error);
  }

  /** Checks the rate limit and the body of a request, and then passes the request on or refuses it. */
  async #passComplete(request: IncomingMessage, response: ServerResponse, pass: () => void): Promise<void> {
    try {
      const limiter = request.url!.startsWith(RECONNECT_PATH) ? this.#reconnections : this.#joins;
      if (!isReadOnly(request)) this.#hints.checkPlayer(request);
      const refusal = isReadOnly(request)
        ? undefined
        : ((await this.#consume(limiter, request)) ?? refusalOfType(request));
      const body = refusal || !hasBody(request) ? "" : await readBody(request);
      if (refusal) this.#refuse(request, response, refusal);
      else if (body === undefined) this.#refuse(request, response, { error: "tooLarge" });
      else if (hasBody(request) && !isValidBody(request, body))
        this.#refuse(request, response, { error: "badRequest" });
      else {
        // The framework reads the body from this property, because the stream of the request has already been read.
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

  /** Checks the head of a request. Returns the reason to refuse it; undefined if there is none. */
  #refusalOf(request: IncomingMessage): Refusal | undefined {
    if (isMalformed(request)) return { error: "badRequest" };
    const isPreflight = request.method === "OPTIONS";
    const isJoin = !isReadOnly(request) || /^\/+auth\b/i.test(request.url!);
    const foreign = isJoin && !isPreflight ? this.origins.refusal(request) : undefined;
    return foreign && { error: foreign };
  }

  /** Answers in the format of the framework, so that the SDK throws an error with this code and message. */
  #refuse(request: IncomingMessage, response: ServerResponse, { error, retryAfter }: Refusal): void {
    this.onRefused(error, request);
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
  // After an upgrade, Node handles neither errors of the socket nor its end. An unhandled error would stop the process.
  socket.on("error", () => socket.destroy());
  socket.once("finish", () => socket.destroy());
  socket.end(
    [
      `HTTP/1.1 ${code} ${STATUS_CODES[code]}`,
      "Connection: close",
      "Cache-Control: no-store",
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(body)}`,
      "",
      body,
    ].join("\r\n"),
  );
}

/**
 * Returns a refusal if the `Content-Type` of a body is not JSON. The framework would read other types too, but our
 * clients do not send them.
 */
function refusalOfType(request: IncomingMessage): Refusal | undefined {
  const type = request.headers["content-type"];
  if (!hasBody(request) || type === undefined || /^application\/json\s*(;|$)/i.test(type)) return undefined;
  return { error: "unsupportedType" };
}

/**
 * Removes the origin `null` from requests other than joins, sign-ins and WebSockets. Pages with this origin must not
 * read the answers to other requests, even if the pages may join.
 */
function hideOpaqueOrigin(request: IncomingMessage): void {
  if (request.headers.origin !== OPAQUE) return;
  if (/^\/+(matchmake|auth)\b/i.test(request.url!) || isSocketRequest(request)) return;
  delete request.headers.origin;
  delete request.headers.referer;
}

function isReadOnly({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/**
 * Whether a body is a JSON object. Returns true for bodies of types other than JSON, without a check. Without this
 * function, the framework would log a body that it cannot parse.
 */
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
