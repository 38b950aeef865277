// Detects dead connections. Any frame is a sign of life, so only silent clients are pinged.

/** The default interval between two beats, in milliseconds. */
const BEAT_MS = 2000;

/** A connection. At each beat, it decides whether to ping its client or to close the connection. */
interface Beating {
  beat(): void;
}

/** Calls `beat` at a fixed interval on all connections of a server, both SDK and plain WebSockets. */
export class Heartbeat {
  readonly #timer: NodeJS.Timeout;

  /** @param beatMs milliseconds between two beats. */
  constructor(sockets: Iterable<Beating>, beatMs = BEAT_MS) {
    this.#timer = setInterval(() => {
      for (const socket of sockets) socket.beat();
    }, beatMs);
    this.#timer.unref();
  }

  /** Stops the heartbeat permanently. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
