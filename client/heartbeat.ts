// Pings the server once per second, and detects a connection that is dead but still open. Without pings, a client that
// only listens would not notice a dead connection for more than a minute.
import { CloseCode, type Room } from "@colyseus/sdk";

const INTERVAL_MS = 1000;

/**
 * The connection counts as dead after this number of beats without a pong. A time limit would not work, because the
 * browser may call the timer of a page in the background only once per minute.
 */
const MAX_UNANSWERED = 8;

/**
 * The maximum number of beats without a pong after the program or its machine was suspended. This limit is lower than
 * MAX_UNANSWERED, because the connection is then probably dead.
 */
const MAX_UNANSWERED_AFTER_SLEEP = 2;

/** The program counts as suspended if more milliseconds than this pass between two beats. */
const SLEEP_MS = 4000;

/** The pings of one room. They stop when the room is left. */
export class Heartbeat {
  readonly #room: Room;
  readonly #onPong: (milliseconds: number) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #unanswered = 0;
  /** When the unanswered ping was sent; undefined if there is none. */
  #waitingSince: number | undefined;
  #maxUnanswered = MAX_UNANSWERED;
  #lastBeat = Date.now();

  /**
   * @param onPong is called for each answer, with the round-trip time in milliseconds.
   * @param intervalMs the time between two pings.
   */
  constructor(room: Room, onPong: (milliseconds: number) => void = () => {}, intervalMs = INTERVAL_MS) {
    this.#room = room;
    this.#onPong = onPong;
    this.#timer = setInterval(() => this.#beat(), intervalMs);
    room.onLeave(() => this.stop());
    room.onDrop(() => this.#reset());
    this.#beat();
  }

  /** Whether a ping has not been answered yet. */
  get isWaiting(): boolean {
    return this.#unanswered > 0;
  }

  /** Milliseconds for which a ping has not been answered; 0 if no ping is waiting for an answer. */
  get waitingMs(): number {
    return this.#waitingSince === undefined ? 0 : performance.now() - this.#waitingSince;
  }

  /** Pings a new connection right away. */
  restart(): void {
    this.#reset();
    this.#beat();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #reset(): void {
    this.#unanswered = 0;
    this.#waitingSince = undefined;
    this.#maxUnanswered = MAX_UNANSWERED;
  }

  #beat(): void {
    const now = Date.now();
    if (now - this.#lastBeat > SLEEP_MS) this.#maxUnanswered = this.#unanswered + MAX_UNANSWERED_AFTER_SLEEP;
    this.#lastBeat = now;
    const { connection, reconnection } = this.#room;
    if (!connection.isOpen || reconnection.isReconnecting) return;
    // The SDK supports only one ping at a time. With two pings, the SDK would take the pong of the first ping for the
    // pong of the second.
    if (this.#unanswered++ > 0) {
      if (this.#unanswered > this.#maxUnanswered) connection.close(CloseCode.MAY_TRY_RECONNECT);
      return;
    }
    this.#waitingSince = performance.now();
    this.#room.ping((milliseconds) => {
      this.#reset();
      this.#onPong(milliseconds);
    });
  }
}
