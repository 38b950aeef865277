// A line on which everything comes out later than it went in, and in the same order.

/** Delays calls. As long as it says 0 nothing is delayed, not even by a turn of the event loop. */
export class DelayLine {
  readonly #delayMs: () => number;
  /** It holds what went in within the longest delay, and no more. */
  readonly #waiting: { due: number; run: () => void }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param delayMs milliseconds for what goes in now. What went in before never comes out after it. */
  constructor(delayMs: () => number) {
    this.#delayMs = delayMs;
  }

  push(run: () => void): void {
    const now = performance.now();
    const due = Math.max(now + this.#delayMs(), this.#waiting.at(-1)?.due ?? 0);
    if (due <= now && this.#waiting.length === 0) {
      run();
      return;
    }
    this.#waiting.push({ due, run });
    this.#timer ??= setTimeout(() => this.#release(), due - now);
  }

  /** Lets everything out at once. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) next.run();
  }

  #release(): void {
    for (let next = this.#waiting[0]; next && next.due <= performance.now(); next = this.#waiting[0]) {
      this.#waiting.shift();
      next.run();
    }
    const next = this.#waiting[0];
    this.#timer = next && setTimeout(() => this.#release(), next.due - performance.now());
  }
}
