// An HTTP server with a gate: what does not pass it is seen by nobody who listens, the framework's own router included.
import { type IncomingMessage, Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Stands before a server. It answers by itself what it does not let `pass`. */
export interface RequestFilter {
  /** Whether a connection may be made at all. */
  connection(socket: Socket): boolean;
  request(request: IncomingMessage, response: ServerResponse, pass: () => void): void;
  upgrade(request: IncomingMessage, socket: Duplex, pass: () => void): void;
}

/** Milliseconds for which nothing may move on a connection while it is answered. */
const STALL_MS = 30_000;

/** Milliseconds for which a connection is kept for the next request. */
const KEEP_ALIVE_MS = 5000;

/**
 * The framework puts its listeners before all others and answers what it knows, whoever else wants a say. So the gate is
 * not one more listener: it stands where events come from.
 */
export class EdgeServer extends Server {
  readonly #gate: RequestFilter;

  /** `patienceMs`: how long a request may take to arrive, its head as well as all of it. */
  constructor(gate: RequestFilter, patienceMs: number) {
    super({
      headersTimeout: patienceMs,
      requestTimeout: patienceMs,
      connectionsCheckingInterval: Math.ceil(patienceMs / 5),
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
    this.#gate = gate;
  }

  override emit(event: string, ...values: unknown[]): boolean {
    const pass = () => super.emit(event, ...values);
    const [one, two] = values;
    if (event === "connection") {
      if (this.#gate.connection(one as Socket)) return pass();
      (one as Socket).destroy();
    } else if (event === "request") {
      // Not the server's own `timeout`: a connection that became a WebSocket would go on touching a timer that is stopped,
      // with every frame.
      (two as ServerResponse).setTimeout(STALL_MS);
      this.#gate.request(one as IncomingMessage, two as ServerResponse, pass);
    } else if (event === "upgrade") this.#gate.upgrade(one as IncomingMessage, two as Duplex, pass);
    else return pass();
    return true;
  }
}
