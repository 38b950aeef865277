// Measures the network's round trip, from the answers to the pings of a room.
import type { Room } from "@colyseus/sdk";
import { Heartbeat } from "../client/heartbeat.ts";

/**
 * `best` is the minimum of this many recent measurements. A short stall does not raise the minimum, but a slower
 * network does.
 */
const WINDOW = 5;

/** The connection counts as silent if a ping is not answered within the last round trip plus this many milliseconds. */
const SILENT_MS = 2000;

/** The round trip of a room's connection. */
export class RoundTrip {
  /** The last measurement in milliseconds; 0 before the first one. */
  last = 0;
  readonly #heartbeat: Heartbeat;
  #recent: number[] = [];
  /** Whether the pending ping was sent before the round trip changed. */
  #stale = false;

  constructor(room: Room) {
    this.#heartbeat = new Heartbeat(room, (milliseconds) => this.#measured(milliseconds));
  }

  /** The minimum of the last measurements in milliseconds; undefined before the first one. */
  get best(): number | undefined {
    return this.#recent.length > 0 ? Math.min(...this.#recent) : undefined;
  }

  /** Whether a ping has waited so long for its answer that the last measurement and the drawn world are out of date. */
  get isSilent(): boolean {
    return this.waitingMs > SILENT_MS + this.last;
  }

  /** Milliseconds for which the pending ping has not been answered; 0 if no ping is pending. */
  get waitingMs(): number {
    return this.#heartbeat.waitingMs;
  }

  /** Discards all measurements. Call this for a new connection. */
  reset(): void {
    this.#recent = [];
    this.#stale = false;
    this.#heartbeat.restart();
  }

  /** Discards all measurements. Call this when the round trip of the same connection has changed. */
  forget(): void {
    this.#recent = [];
    this.#stale = this.#heartbeat.isWaiting;
  }

  stop(): void {
    this.#heartbeat.stop();
  }

  #measured(milliseconds: number): void {
    const stale = this.#stale;
    this.#stale = false;
    if (stale) return;
    this.last = milliseconds;
    this.#recent.push(milliseconds);
    if (this.#recent.length > WINDOW) this.#recent.shift();
  }
}
