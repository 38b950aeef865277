// Notices connections whose other end has gone without a word. Whoever sends anything is there; only the silent are asked.

/** Milliseconds between two beats, unless told otherwise. */
const BEAT_MS = 2000;

/** A connection that knows at each beat what to do. */
interface Beating {
  beat(): void;
}

/** Beats for all connections of a server, whichever protocol they speak. */
export class Heartbeat {
  readonly #timer: NodeJS.Timeout;

  /** @param beatMs milliseconds between two beats. */
  constructor(sockets: Iterable<Beating>, beatMs = BEAT_MS) {
    this.#timer = setInterval(() => {
      for (const socket of sockets) socket.beat();
    }, beatMs);
    this.#timer.unref();
  }

  /** No more of it. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
