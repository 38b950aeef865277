// Measures the network's round trip once per second, and detects a connection that is dead but still open.
import { CloseCode, type Room } from "@colyseus/sdk";

const INTERVAL_MS = 1000;

/** Measurements that the recent minimum is taken from: enough to ignore a stall, few enough to adapt to a new route. */
const WINDOW = 5;

/**
 * Beats of the timer without a pong after which the connection counts as dead. Beats are counted and not timed, because
 * a page in the background may sleep for a minute between two beats.
 */
const MAX_UNANSWERED = 8;

/** The round trip of a room's connection. */
export class RoundTrip {
  /** The last measurement in milliseconds; 0 before the first one. */
  last = 0;
  readonly #room: Room;
  readonly #timer: ReturnType<typeof setInterval>;
  #recent: number[] = [];
  #unanswered = 0;
  /** Whether the pending ping was sent before the round trip changed. */
  #stale = false;

  constructor(room: Room) {
    this.#room = room;
    this.#timer = setInterval(() => this.#beat(), INTERVAL_MS);
    this.#beat();
  }

  /** The minimum of the last measurements in milliseconds; undefined before the first one. */
  get best(): number | undefined {
    return this.#recent.length > 0 ? Math.min(...this.#recent) : undefined;
  }

  /** Discards all measurements and starts over. Call this for a new connection. */
  reset(): void {
    this.#recent = [];
    this.#unanswered = 0;
    this.#stale = false;
    this.#beat();
  }

  /** Discards all measurements. Call this when the round trip of the same connection has changed. */
  forget(): void {
    this.#recent = [];
    this.#stale = this.#unanswered > 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    if (!this.#room.connection.isOpen) return;
    // The SDK has one ping at a time: a second one would take the pong of the first for its own.
    if (this.#unanswered++ > 0) {
      if (this.#unanswered > MAX_UNANSWERED) this.#room.connection.close(CloseCode.MAY_TRY_RECONNECT);
      return;
    }
    this.#room.ping((milliseconds) => {
      this.#unanswered = 0;
      const stale = this.#stale;
      this.#stale = false;
      if (stale) return;
      this.last = milliseconds;
      this.#recent.push(milliseconds);
      if (this.#recent.length > WINDOW) this.#recent.shift();
    });
  }
}
