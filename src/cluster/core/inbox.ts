// One process as the authority knows it: its batches in order, its place, and whether it is alive.
import type { Limits } from "./limits.ts";
import { comparePlaces, START } from "./place.ts";
import type { Place, ProcessId, UpMessage } from "./ports.ts";

/** The batches of one process, in order and without repetitions. */
export class Inbox {
  readonly process: ProcessId;
  readonly #limits: Limits;
  /** Batches that came too early: an earlier batch is missing. */
  readonly #later = new Map<number, UpMessage>();
  #heard = 0;
  /** The time of the last message. */
  heardAt: number;
  /** Whether the authority considers the process alive. */
  isAlive = true;
  /** The newest place that the process has reported. */
  at: Place = START;
  /** Whether the process is about to end. */
  isLeaving = false;

  constructor(process: ProcessId, heardAt: number, limits: Limits) {
    this.process = process;
    this.heardAt = heardAt;
    this.#limits = limits;
  }

  /** The number of the last batch that `take` has returned. */
  get heard(): number {
    return this.#heard;
  }

  /** Takes a message as a sign of life. */
  hear({ at, isLeaving }: UpMessage, now: number): void {
    this.heardAt = now;
    this.isLeaving ||= isLeaving;
    if (comparePlaces(at, this.at) > 0) this.at = at;
  }

  /** Adds a batch. @returns the batches that come next, in order; none while an earlier batch is missing. */
  take(message: UpMessage): UpMessage[] {
    const { batch } = message;
    if (batch <= this.#heard) return [];
    if (batch === this.#heard + 1 || this.#later.size < this.#limits.laterBatches) this.#later.set(batch, message);
    const next: UpMessage[] = [];
    for (let following = this.#next(); following; following = this.#next()) next.push(following);
    return next;
  }

  #next(): UpMessage | undefined {
    const message = this.#later.get(this.#heard + 1);
    if (message) this.#later.delete(++this.#heard);
    return message;
  }
}
