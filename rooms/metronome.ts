// Beats at even times. A timer that is set anew each time drifts by what each time was late; the framework's fixed
// timestep makes up for that by two ticks at once, of which the second finds no inputs, and many clients get no frame.

/**
 * Beats that are made up for after the process was held up. What is beyond them is left out: how fast a player can be
 * (docs/protocol.md) rests on that.
 */
const CATCH_UP = 5;

/** Calls a function every `period` ms, counted from when the metronome was made. It keeps no process alive. */
export class Metronome {
  readonly #period: number;
  readonly #beat: () => void;
  #due: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(period: number, beat: () => void) {
    this.#period = period;
    this.#beat = beat;
    this.#due = performance.now() + period;
    this.#wait();
  }

  /** No more beats. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    // Node counts from when its event loop last looked at the clock: what comes too early waits once more.
    const delay = Math.max(1, Math.ceil(this.#due - performance.now()));
    this.#timer = setTimeout(() => this.#catchUp(), delay).unref();
  }

  #catchUp(): void {
    const now = performance.now();
    let beats = 0;
    for (; this.#due <= now && this.#timer && beats < CATCH_UP; this.#due += this.#period) {
      beats++;
      this.#beat();
    }
    // Held up for so long, it begins anew: on its old times the next beat might be due at once, as one more to make up for.
    if (beats === CATCH_UP) this.#due = Math.max(this.#due, now + this.#period);
    if (this.#timer) this.#wait();
  }
}
