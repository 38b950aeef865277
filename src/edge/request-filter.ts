// Filters connections, requests and upgrades before any other code sees them: rate limits, foreign origins, malformed requests.
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

/** What the gate keeps to. Of the limits 0 means none. */
export interface EdgeFilterSettings {
  /** As `TRUST_PROXY`: whose `X-Forwarded-…` headers are believed. */
  trustedProxies: string[];
  /** As `ALLOWED_ORIGINS`. */
  allowedOrigins: string[];
  /** WebSockets of one address. */
  maxConnectionsPerAddress: number;
  /** Joins and sign-ins of one address. */
  maxJoinsPerMinute: number;
}

/** The path of the plain protocol. */
export const PLAIN_PATH = "/websocket";

/** The path by which a client comes back to a seat that is held for it. */
const RECONNECT = "/matchmake/reconnect/";

/** Connections that are no WebSockets (yet), for each WebSocket that an address may have: browsers open up to six. */
const OTHERS_PER_SOCKET = 6;

/** Plain WebSockets beyond the limit that are accepted for a moment, per address, to be told why they are refused. */
const TOLD_WHY = 8;

/** The security headers of every answer. The page needs nothing from elsewhere; the monitor has a font from Google. */
const secure = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      // Safari knew only later that 'self' means WebSockets to the same place, too.
      connectSrc: ["'self'", "ws:", "wss:"],
      // The playground's editors start workers out of memory.
      workerSrc: ["'self'", "blob:"],
      // The page's pictures are fetched, then shown from memory.
      imgSrc: ["'self'", "data:", "blob:"],
      styleSrc: ["'self'", "'unsafe-inline'", "https://fonts.googleapis.com"],
      fontSrc: ["'self'", "data:", "https://fonts.gstatic.com"],
      objectSrc: ["'none'"],
      baseUri: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'self'"],
    },
  },
  // The monitor's page has to show that its calls are its own, which over plain http is by its Referer alone.
  referrerPolicy: { policy: "same-origin" },
  // Whether there is TLS, and for how long, is the business of the proxy that speaks it.
  strictTransportSecurity: false,
});

/** A refusal. */
interface Answer {
  error: EdgeRefusal;
  /** Seconds after which a retry may succeed. */
  retryAfter?: number;
}

export class EdgeFilter implements RequestFilter {
  readonly addresses: Addresses;
  readonly origins: Origins;
  readonly #maxSockets: number;
  readonly #sockets = new ConnectionCounter();
  readonly #others = new ConnectionCounter();
  /** What gives a connection back that turned out to be a WebSocket. */
  readonly #becameSocket = new WeakMap<Duplex, () => void>();
  /** Plain WebSockets that are only accepted to be told that there are too many of them. */
  readonly #tooMany = new WeakSet<IncomingMessage>();
  readonly #joins: RateLimiter | undefined;
  /** Who comes back takes nothing new, and a network that failed brings all of a house back at once: joins of others
   * are not to keep them out of their seats. But it is bounded, or tokens could be tried without end. */
  readonly #returns: RateLimiter | undefined;
  readonly #edgeCounters: EdgeCounters;
  /** Whether the log was told of a proxy that is not trusted: once is enough. */
  #hasWarned = false;

  /** Counts a refusal, and has its line in the log. */
  readonly onRefused = (error: EdgeRefusal, address: string): void => this.#edgeCounters.onRefused(error, address);

  constructor(settings: EdgeFilterSettings, edgeCounters: EdgeCounters) {
    this.#edgeCounters = edgeCounters;
    this.addresses = new Addresses(settings.trustedProxies);
    this.origins = new Origins(settings.allowedOrigins, this.addresses);
    this.#maxSockets = settings.maxConnectionsPerAddress || Number.POSITIVE_INFINITY;
    const joins = settings.maxJoinsPerMinute;
    this.#joins = joins > 0 ? new RateLimiter(joins, 60) : undefined;
    this.#returns = joins > 0 ? new RateLimiter(joins, 60) : undefined;
    configureMatchmaking(this.origins);
  }

  connection(socket: Socket): boolean {
    const { remoteAddress } = socket;
    // Everybody comes from the address of a proxy: how many it lets in is up to it.
    if (this.#maxSockets === Number.POSITIVE_INFINITY || this.addresses.isProxy(remoteAddress)) return true;
    const account = rateLimitKey(remoteAddress ?? "");
    const count = this.#others.increment(account);
    let counted = true;
    const leave = () => {
      if (counted) this.#others.decrement(account);
      counted = false;
    };
    socket.once("close", leave);
    this.#becameSocket.set(socket, leave);
    if (count <= this.#maxSockets * OTHERS_PER_SOCKET) return true;
    this.#edgeCounters.onRefused("tooManyConnections", account, false);
    return false;
  }

  request(request: IncomingMessage, response: ServerResponse, pass: () => void): void {
    secure(request, response, () => {
      this.#identify(request);
      const refusal = this.#refusalOf(request);
      if (refusal) this.#answer(request, response, refusal);
      // Whatever changes something is a join or a sign-in: no spelling of a path gets around its limit.
      else if (isReading(request) && !hasBody(request)) pass();
      else this.#passWhole(request, response, pass);
    });
  }

  upgrade(request: IncomingMessage, socket: Duplex, pass: () => void): void {
    this.#becameSocket.get(socket)?.();
    const address = this.#identify(request);
    this.addresses.keep(socket, address);
    const refusal = this.#refusalOfUpgrade(request, socket, address);
    if (refusal) {
      this.onRefused(refusal.error, address);
      refuseUpgrade(socket, refusal.error);
    } else pass();
  }

  /** Whom a request counts for. The framework is told, too: by itself it believes what anybody says in these headers. */
  #identify(request: IncomingMessage): string {
    const address = this.addresses.of(request);
    request.headers["x-real-ip"] = address;
    if (!this.#hasWarned && this.addresses.isFromUnknownProxy(request)) {
      this.#hasWarned = true;
      const from = request.socket.remoteAddress;
      logger.warn(
        `X-Forwarded-For comes from ${from}, which is not in TRUST_PROXY: all who come by it are one address`,
      );
    }
    return address;
  }

  #refusalOfUpgrade(request: IncomingMessage, socket: Duplex, address: string): Answer | undefined {
    if (isMalformed(request)) return { error: "badRequest" };
    if (!this.origins.allows(request)) return { error: "foreignOrigin" };
    const count = this.#sockets.increment(address);
    socket.once("close", () => this.#sockets.decrement(address));
    if (count <= this.#maxSockets) return undefined;
    const canBeTold = request.url?.split("?", 1)[0] === PLAIN_PATH && count <= this.#maxSockets + TOLD_WHY;
    if (!canBeTold) return { error: "tooManyConnections" };
    this.#tooMany.add(request);
    return undefined;
  }

  /**
   * Lets a join over a plain WebSocket in.
   * @throws {ServerError} if its address has too many WebSockets, or has joined too often.
   */
  async admitPlain(request: IncomingMessage): Promise<void> {
    const refusal: Answer | undefined = this.#tooMany.has(request)
      ? { error: "tooManyConnections" }
      : await this.#spend(this.#joins, request);
    if (!refusal) return;
    this.onRefused(refusal.error, this.addresses.of(request));
    throw serverError(refusal.error);
  }

  /** Lets a request pass when it has arrived, and is neither too large nor one too many. */
  async #passWhole(request: IncomingMessage, response: ServerResponse, pass: () => void): Promise<void> {
    try {
      const budget = request.url!.startsWith(RECONNECT) ? this.#returns : this.#joins;
      const refusal = isReading(request) ? undefined : ((await this.#spend(budget, request)) ?? refusalOfType(request));
      const body = refusal || !hasBody(request) ? "" : await readBody(request);
      if (refusal) this.#answer(request, response, refusal);
      else if (body === undefined) this.#answer(request, response, { error: "tooLarge" });
      else if (hasBody(request) && !isReadable(request, body)) this.#answer(request, response, { error: "badRequest" });
      else {
        // The framework looks here first. The stream that it would read otherwise is used up.
        if (hasBody(request)) Object.assign(request, { body });
        pass();
      }
    } catch (error) {
      logger.debug({ err: error }, "a request broke off");
      request.socket.destroy();
    }
  }

  async #spend(budget: RateLimiter | undefined, request: IncomingMessage): Promise<Answer | undefined> {
    const retryAfter = (await budget?.consume(this.addresses.of(request))) ?? 0;
    return retryAfter > 0 ? { error: "tooManyJoins", retryAfter } : undefined;
  }

  /** What is wrong with a request, as far as its head tells. */
  #refusalOf(request: IncomingMessage): Answer | undefined {
    if (isMalformed(request)) return { error: "badRequest" };
    // The framework believes this header. Only a trusted proxy may set it, and only to a scheme of HTTP.
    const forwarded = request.headers["x-forwarded-proto"];
    if (!this.addresses.isFromProxy(request) || !/^https?$/.test(String(forwarded))) {
      delete request.headers["x-forwarded-proto"];
    }
    const isAsking = request.method === "OPTIONS";
    const isJoining = !isReading(request) || /^\/+auth\b/i.test(request.url!);
    return isJoining && !isAsking && !this.origins.allows(request) ? { error: "foreignOrigin" } : undefined;
  }

  /** Answers as the framework's matchmaking does, so that the SDK makes the same error of it. */
  #answer(request: IncomingMessage, response: ServerResponse, { error, retryAfter }: Answer): void {
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

/** Answers an upgrade by HTTP and ends its connection. */
export function refuseUpgrade(socket: Duplex, error: ErrorName): void {
  const { code } = ERRORS[error];
  const body = JSON.stringify(errorBody(error));
  // After an upgrade Node handles neither errors nor the end of the connection. An unhandled error would stop the process.
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

/** Bodies are JSON or none. The framework would read bodies of other types too, which no client of ours sends. */
function refusalOfType(request: IncomingMessage): Answer | undefined {
  const type = request.headers["content-type"];
  if (!hasBody(request) || type === undefined || /^application\/json\s*(;|$)/i.test(type)) return undefined;
  return { error: "unsupportedType" };
}

function isReading({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** Whether a body is what is taken here, if it says that it is JSON: an object. The framework logs what it cannot read. */
function isReadable({ headers }: IncomingMessage, body: string): boolean {
  if (!headers["content-type"]?.includes("json")) return true;
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** A name or an address, with or without a port. */
const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i;

/** Whether the head of a request has a target or a host that no client of ours sends. */
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
