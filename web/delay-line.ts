// A delay line: runs calls after a delay, in the order in which they were pushed.

/** Delays calls. A call with a delay of 0 runs synchronously, unless earlier calls are queued. */
export class DelayLine {
  readonly #delayMs: () => number;
  /** Queued calls, oldest first. */
  readonly #queued: { due: number; run: () => void }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param delayMs returns the minimum delay, in milliseconds, of a call that is pushed now. */
  constructor(delayMs: () => number) {
    this.#delayMs = delayMs;
  }

  push(run: () => void): void {
    const now = performance.now();
    const due = Math.max(now + this.#delayMs(), this.#queued.at(-1)?.due ?? 0);
    if (due <= now && this.#queued.length === 0) {
      run();
      return;
    }
    this.#queued.push({ due, run });
    this.#timer ??= setTimeout(() => this.#release(), due - now);
  }

  /** Runs all queued calls immediately. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let next = this.#queued.shift(); next; next = this.#queued.shift()) next.run();
  }

  #release(): void {
    for (let next = this.#queued[0]; next && next.due <= performance.now(); next = this.#queued[0]) {
      this.#queued.shift();
      next.run();
    }
    const next = this.#queued[0];
    this.#timer = next && setTimeout(() => this.#release(), next.due - performance.now());
  }
}
