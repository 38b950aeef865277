// An HTTP server with a filter. Connections, requests and upgrades that do not pass the filter reach no listener, not
// even the framework's router.
import { type IncomingMessage, Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Filters the traffic of a server. It answers requests and upgrades itself unless it calls `pass`. */
export interface RequestFilter {
  /** Whether to accept a new connection. */
  connection(socket: Socket): boolean;
  request(request: IncomingMessage, response: ServerResponse, pass: () => void): void;
  upgrade(request: IncomingMessage, socket: Duplex, pass: () => void): void;
}

/** Milliseconds without traffic after which a connection is closed while its request is answered. */
const STALL_TIMEOUT_MS = 30_000;

/** Milliseconds for which an idle connection is kept for the next request. */
const KEEP_ALIVE_MS = 5000;

/**
 * Overrides `emit`, where all events pass. A listener would not be enough: the framework puts its own listeners before
 * all others and answers the requests that it knows.
 */
export class EdgeServer extends Server {
  readonly #filter: RequestFilter;

  /** @param timeoutMs the time within which the head of a request must arrive, and also the whole request. */
  constructor(filter: RequestFilter, timeoutMs: number) {
    super({
      headersTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      connectionsCheckingInterval: Math.ceil(timeoutMs / 5),
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
    this.#filter = filter;
  }

  override emit(event: string, ...values: unknown[]): boolean {
    const pass = () => super.emit(event, ...values);
    const [first, second] = values;
    if (event === "connection") {
      if (this.#filter.connection(first as Socket)) return pass();
      (first as Socket).destroy();
    } else if (event === "request") {
      // The server's own `timeout` is not used: with it, a WebSocket would touch a stopped timer for every frame.
      (second as ServerResponse).setTimeout(STALL_TIMEOUT_MS);
      this.#filter.request(first as IncomingMessage, second as ServerResponse, pass);
    } else if (event === "upgrade") this.#filter.upgrade(first as IncomingMessage, second as Duplex, pass);
    else return pass();
    return true;
  }
}
