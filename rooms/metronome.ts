// Calls a function at even intervals. A timer that is restarted after each call would drift, because its delays add up.
// The framework's fixed timestep is not used: it catches up by running two ticks at once. The second tick then finds no
// new inputs. As a result, many clients get no frame for the second tick.

/**
 * Maximum number of late beats that are caught up after a stall. Further beats are skipped. The maximum speed of a
 * player (docs/protocol.md) depends on this number.
 */
const MAX_CATCH_UP = 5;

/** Calls a function every `period` ms, for the first time after one period. Does not keep the process alive. */
export class Metronome {
  readonly #period: number;
  readonly #beat: () => void;
  #dueAt: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(period: number, beat: () => void) {
    this.#period = period;
    this.#beat = beat;
    this.#dueAt = performance.now() + period;
    this.#schedule();
  }

  /** Stops the beats. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    // Node counts a delay from the time at which its event loop last read the clock, so a timer may fire early.
    // `#catchUp` then schedules another timer.
    const delay = Math.max(1, Math.ceil(this.#dueAt - performance.now()));
    this.#timer = setTimeout(() => this.#catchUp(), delay).unref();
  }

  #catchUp(): void {
    const now = performance.now();
    let beats = 0;
    for (; this.#dueAt <= now && this.#timer && beats < MAX_CATCH_UP; this.#dueAt += this.#period) {
      beats++;
      this.#beat();
    }
    // After the maximum number of beats in a row, the next beat is due one period from now. Otherwise a sixth beat
    // could be due immediately.
    if (beats === MAX_CATCH_UP) this.#dueAt = Math.max(this.#dueAt, now + this.#period);
    if (this.#timer) this.#schedule();
  }
}
