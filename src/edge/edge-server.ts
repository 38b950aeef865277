// An HTTP server with a filter. Connections, requests and upgrades that do not pass the filter reach no listener, not
// even the framework's router.
import { type IncomingMessage, Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/**
 * Decides which connections, requests and upgrades of a server pass. To let a request or an upgrade pass, the filter
 * calls `pass`. A filter that does not call `pass` must answer the request or the upgrade itself.
 */
export interface RequestFilter {
  /** Whether to accept a new connection. */
  connection(socket: Socket): boolean;
  request(request: IncomingMessage, response: ServerResponse, pass: () => void): void;
  upgrade(request: IncomingMessage, socket: Duplex, pass: () => void): void;
}

/** Milliseconds without traffic after which a connection with an unfinished response is closed. */
const STALL_TIMEOUT_MS = 30_000;

/** The timeouts of a server. */
export interface EdgeTimeouts {
  /**
   * The time limit in milliseconds for the head of a request, and also for the whole request. The time between two
   * requests of a connection does not count.
   */
  requestMs: number;
  /** Milliseconds for which an idle connection is kept for the next request. */
  keepAliveMs: number;
}

/**
 * An HTTP server that passes its events through a filter. It overrides `emit`, because a listener would be called too
 * late. The framework puts its own listeners before all others, and these listeners already answer the requests that
 * they know.
 */
export class EdgeServer extends Server {
  readonly #filter: RequestFilter;

  constructor(filter: RequestFilter, { requestMs, keepAliveMs }: EdgeTimeouts) {
    super({
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.ceil(requestMs / 5),
      keepAliveTimeout: keepAliveMs,
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
      // Sets the timeout for each response. The `timeout` of the whole server would give every connection a timer.
      // This timer stops when the connection becomes a WebSocket, but Node would still update it for every frame.
      (second as ServerResponse).setTimeout(STALL_TIMEOUT_MS);
      this.#filter.request(first as IncomingMessage, second as ServerResponse, pass);
    } else if (event === "upgrade") this.#filter.upgrade(first as IncomingMessage, second as Duplex, pass);
    else return pass();
    return true;
  }
}
