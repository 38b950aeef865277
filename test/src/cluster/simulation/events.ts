// Virtual time: events run in the order of their times, and no real time passes.

interface Event {
  readonly at: number;
  /** The number of events that were added earlier. Events of the same time run in this order. */
  readonly order: number;
  readonly run: () => void;
}

/** The events of a simulation, in a binary heap. */
export class Events {
  readonly #heap: Event[] = [];
  #added = 0;
  #now = 0;

  /** The virtual time in milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** Calls `run` after a delay. */
  after(delayMs: number, run: () => void): void {
    this.#push({ at: this.#now + delayMs, order: this.#added++, run });
  }

  /** Runs all events up to a time. */
  runUntil(time: number): void {
    for (let event = this.#heap[0]; event && event.at <= time; event = this.#heap[0]) {
      this.#pop();
      this.#now = event.at;
      event.run();
    }
    this.#now = time;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const event = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, event)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = event;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
