// Measures how long one client stands still: its longest time without an applied input. On a busy machine the client
// itself may be late to send its next input. This lateness is no fault of the servers, so it does not count, as long as
// the client receives frames. Without frames, the servers may be standing still as well, so all of the time counts.

/** The longest time without an applied input in one round. All times are in milliseconds. */
export class Stillness {
  readonly #moveMs: number;
  #appliedAt = 0;
  #longest = 0;
  /** The time since which the client could send its next input; undefined while inputs wait, or while it cannot send. */
  #idleSince: number | undefined;
  #frameAt = 0;

  /** @param moveMs the interval at which the client sends an input if it is not late. */
  constructor(moveMs: number) {
    this.#moveMs = moveMs;
  }

  /** Begins a round. */
  begin(now: number): void {
    this.#appliedAt = now;
    this.#longest = 0;
    if (this.#idleSince !== undefined) this.#idleSince = now;
  }

  /** Called when the client receives a frame. */
  frame(now: number): void {
    this.#frameAt = now;
  }

  /** Called when the client sends an input. */
  sent(): void {
    if (this.#idleSince === undefined) return;
    this.#appliedAt += this.#lateness(this.#idleSince);
    this.#idleSince = undefined;
  }

  /** Called when an input was applied. @param isWaiting whether later inputs are sent and not applied yet. */
  applied(now: number, isWaiting: boolean): void {
    this.#longest = this.longest(now);
    this.#appliedAt = now;
    this.#idleSince = isWaiting ? undefined : now;
  }

  /** Called when the connection was lost. Until `ready`, the client cannot send, and this time counts. */
  lost(): void {
    this.#idleSince = undefined;
  }

  /** Called when the client can send again. */
  ready(now: number): void {
    this.#idleSince = now;
  }

  /** Returns the longest time in the round so far, including the time since the last applied input. */
  longest(now: number): number {
    const late = this.#idleSince === undefined ? 0 : this.#lateness(this.#idleSince);
    return Math.max(this.#longest, now - this.#appliedAt - late);
  }

  #lateness(idleSince: number): number {
    return Math.max(0, this.#frameAt - idleSince - this.#moveMs);
  }
}
