// Notices connections whose other end has gone without a word. Whoever sends anything is there; only the silent are asked.

/** Milliseconds between two beats. */
const BEAT_MS = 2000;

/** A connection that knows at each beat what to do. */
interface Beating {
  beat(): void;
}

/** Beats for all connections of a server, whichever protocol they speak. */
export class Heartbeat {
  readonly #timer: NodeJS.Timeout;

  constructor(sockets: Iterable<Beating>) {
    this.#timer = setInterval(() => {
      for (const socket of sockets) socket.beat();
    }, BEAT_MS);
    this.#timer.unref();
  }

  /** No more of it. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
