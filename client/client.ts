// The SDK's client, adapted to unreliable networks. Each attempt to connect has a time limit. The client tries to
// reconnect after every lost connection. The error of a refused connection contains the reason. The player's token
// stays out of the WebSocket's URL.
import { Client, CloseCode, MatchMakeError, type Room, type SeatReservation, type ServerError } from "@colyseus/sdk";
import { hedgedFetch } from "./hedged-fetch.ts";

/** Milliseconds without an answer after which the next attempt to connect begins. */
const ATTEMPT_MS = 6000;

/**
 * Round trips that an attempt may take on a slow network: for TCP, for TLS, for the request itself, and for one lost
 * packet.
 */
const ATTEMPT_ROUND_TRIPS = 4;

/** On a slow network, an attempt may take up to ATTEMPT_MS times this factor: 15 seconds. */
const SLOW_FACTOR = 2.5;

/** The time limit in milliseconds of the request that asks why the server or a proxy has refused a WebSocket. */
const QUESTION_MS = 3000;

/** The maximum number of milliseconds between two reconnection attempts of the SDK. */
const MAX_RECONNECT_DELAY_MS = 2000;

/**
 * The number of reconnection attempts of the SDK. All attempts together last about as long as the server holds the
 * player's seat.
 */
const RECONNECT_ATTEMPTS = 12;

/** The close code of a connection that ended without a close frame. */
const LOST = CloseCode.ABNORMAL_CLOSURE;

/**
 * The codes of a WebSocket that was never open: after an error event, after a close event, and after an attempt that
 * this client gave up.
 */
const UNEXPLAINED: ReadonlySet<number | undefined> = new Set([undefined, LOST, CloseCode.MAY_TRY_RECONNECT]);

/** The schema class of a room's state, which a program may pass to a join. */
type Schema<State> = Parameters<typeof Client.prototype.consumeSeatReservation<State>>[1];

/** Measures how long a server takes to answer, and derives the time limit of the next attempt to connect. */
class Pace {
  readonly #minMs: number;
  #lastAnswerMs = 0;

  constructor(minMs: number) {
    this.#minMs = minMs;
  }

  get #maxMs(): number {
    return SLOW_FACTOR * this.#minMs;
  }

  /** Milliseconds that an attempt may take. */
  get attemptMs(): number {
    return Math.min(this.#maxMs, Math.max(this.#minMs, ATTEMPT_ROUND_TRIPS * this.#lastAnswerMs));
  }

  /**
   * Fetches like `fetch`, but sends a further request after each `attemptMs` without an answer. The time limit of all
   * requests is `#maxMs`, counted from the start of the first request. Until then no request is given up, because even
   * the first one may still succeed on a slow network. With round trips of 3 s, `attemptMs` is 12 s.
   */
  readonly fetch = async (...request: Parameters<typeof fetch>): Promise<Response> => {
    const since = performance.now();
    const response = await hedgedFetch(request, { againMs: this.attemptMs, limitMs: this.#maxMs });
    this.#lastAnswerMs = performance.now() - since;
    return response;
  };
}

/** A client of the Colyseus SDK for a sabang server. */
export class SabangClient extends Client {
  readonly #pace: Pace;
  /** The URL of the last WebSocket. */
  #socketUrl = "";

  /**
   * @param url `http://host:port` of a server, or `https://…`.
   * @param options.attemptMs replaces the limit of an attempt to connect, so that a test does not wait for seconds.
   */
  constructor(url: string, { attemptMs = ATTEMPT_MS } = {}) {
    const pace = new Pace(attemptMs);
    super(url, { fetchFn: pace.fetch, urlBuilder: withoutToken });
    this.#pace = pace;
  }

  /** Milliseconds that an attempt to connect may take: 6 seconds, or more on a network with long round trips. */
  get attemptMs(): number {
    return this.#pace.attemptMs;
  }

  /**
   * Opens the WebSocket of a seat. Called by the SDK for each join.
   * @throws {MatchMakeError} with the code and the text of the server's refusal. A browser hides why a WebSocket was
   * refused, so the server is asked again over HTTP.
   */
  override async consumeSeatReservation<State>(seat: SeatReservation, schema?: Schema<State>) {
    try {
      return await super.consumeSeatReservation<State>(seat, schema);
    } catch (error) {
      const { code, message } = error as ServerError;
      // The error already contains the reason if the server accepted the WebSocket before it refused the client.
      if (message || !UNEXPLAINED.has(code)) throw error;
      throw (await refusalOf(this.#socketUrl)) ?? new MatchMakeError("The connection was lost.", code ?? LOST);
    }
  }

  /** Prepares each room before it connects. */
  protected override createRoom<State>(name: string, schema?: Schema<State>) {
    const room = super.createRoom<State>(name, schema);
    const { reconnection } = room;
    reconnection.maxRetries = RECONNECT_ATTEMPTS;
    reconnection.maxDelay = MAX_RECONNECT_DELAY_MS;
    // By default the SDK does not reconnect if a connection is lost in its first seconds. This client reconnects even
    // then, because the server holds the seat. A minimum of 0 would not suffice: the measured uptime is negative if the
    // clock was set back.
    reconnection.minUptime = Number.NEGATIVE_INFINITY;
    const connect = room.connect.bind(room);
    room.connect = (url, ...options) => {
      this.#socketUrl = url;
      connect(url, ...options);
      this.#limitAttempts(room);
    };
    return room;
  }

  /** Gives up each connection of a room if the connection's first frame does not arrive in time. */
  #limitAttempts({ connection }: Room): void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = () => {
      clearTimeout(timer);
      timer = setTimeout(() => connection.close(CloseCode.MAY_TRY_RECONNECT), this.attemptMs);
    };
    const { events } = connection;
    for (const name of ["onmessage", "onclose"] as const) {
      const handler = events[name];
      events[name] = (event) => {
        clearTimeout(timer);
        handler?.(event);
      };
    }
    const reconnect = connection.reconnect.bind(connection);
    connection.reconnect = (parameters) => {
      reconnect(parameters);
      begin();
    };
    begin();
  }
}

/** Leaves a room at once, or after a reconnection that has already begun. */
export function leave(room: Room): void {
  room.reconnection.enabled = false;
  if (room.connection.isOpen) void room.leave();
  // A reconnection that has begun cannot be stopped.
  else room.onReconnect(() => void room.leave());
}

/**
 * Returns the URL of a WebSocket without the player's token. The SDK has appended the token, but proxies log URLs. The
 * server knows the player from the reserved seat.
 */
function withoutToken(url: URL): string {
  url.searchParams.delete("_authToken");
  return url.href;
}

/** Asks the server over HTTP why it has refused a WebSocket. Returns undefined if the answer is not a refusal. */
async function refusalOf(socketUrl: string): Promise<MatchMakeError | undefined> {
  try {
    const signal = AbortSignal.timeout(QUESTION_MS);
    const response = await fetch(socketUrl.replace(/^ws/, "http"), { cache: "no-store", signal });
    const { code, error }: { code?: unknown; error?: unknown } = await response.json();
    return typeof code === "number" && typeof error === "string" ? new MatchMakeError(error, code) : undefined;
  } catch {
    // The server is unreachable, or something else has answered.
    return undefined;
  }
}
