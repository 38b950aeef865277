// Measures the network's round trip once a second, and notices a connection that has died in silence.
import { CloseCode, type Room } from "@colyseus/sdk";

const EVERY_MS = 1000;

/** Measurements that the recent best is taken from: long enough to look past a stall, short enough to see a new way. */
const RECENT = 5;

/**
 * Beats without an answer after which the connection counts as dead. Counted and not timed, because a page in the
 * background may sleep for a minute between two beats.
 */
const SILENT_BEATS = 8;

/** The round trip of one room's connection. */
export class RoundTrip {
  /** The last measurement in milliseconds; 0 before the first one. */
  last = 0;
  readonly #room: Room;
  readonly #timer: ReturnType<typeof setInterval>;
  #recent: number[] = [];
  #unanswered = 0;
  /** Whether the question that is under way was asked before the way changed. */
  #stale = false;

  constructor(room: Room) {
    this.#room = room;
    this.#timer = setInterval(() => this.#beat(), EVERY_MS);
    this.#beat();
  }

  /** The best of the last measurements in milliseconds; undefined before the first one. */
  get best(): number | undefined {
    return this.#recent.length > 0 ? Math.min(...this.#recent) : undefined;
  }

  /** Forgets what was measured: it is another connection now. */
  reset(): void {
    this.#recent = [];
    this.#unanswered = 0;
    this.#stale = false;
    this.#beat();
  }

  /** Forgets what was measured, because the way of this connection is longer or shorter from now on. */
  forget(): void {
    this.#recent = [];
    this.#stale = this.#unanswered > 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    if (!this.#room.connection.isOpen) return;
    // The SDK keeps one question at a time: a second one would take the answer to the first for its own.
    if (this.#unanswered++ > 0) {
      if (this.#unanswered > SILENT_BEATS) this.#room.connection.close(CloseCode.MAY_TRY_RECONNECT);
      return;
    }
    this.#room.ping((milliseconds) => {
      this.#unanswered = 0;
      const stale = this.#stale;
      this.#stale = false;
      if (stale) return;
      this.last = milliseconds;
      this.#recent.push(milliseconds);
      if (this.#recent.length > RECENT) this.#recent.shift();
    });
  }
}
