// The processes of the cluster, as the authority knows them.
import { Inbox } from "./inbox.ts";
import type { Limits } from "./limits.ts";
import { comparePlaces } from "./place.ts";
import type { ProcessId, UpMessage } from "./ports.ts";

/** The inboxes of all processes, at the authority. */
export class Processes {
  readonly #own: ProcessId;
  readonly #limits: Limits;
  readonly #inboxes = new Map<ProcessId, Inbox>();

  /** @param heard the processes that may be alive, and when each was last heard from. */
  constructor(own: ProcessId, heard: ReadonlyMap<ProcessId, number>, limits: Limits) {
    this.#own = own;
    this.#limits = limits;
    for (const [process, heardAt] of heard) this.#add(process, heardAt);
  }

  /** The processes that are alive, this one included. */
  get alive(): ProcessId[] {
    return [this.#own, ...this.#others().map(({ process }) => process)];
  }

  /** For each process that is alive, the number of the last batch that `take` has returned. */
  get heard(): { process: ProcessId; batch: number }[] {
    return [...this.#inboxes.values()]
      .filter(({ isAlive }) => isAlive)
      .map(({ process, heard }) => ({ process, batch: heard }));
  }

  /** Adds a message. @returns the batches of the sender that come next; none if the message is of another epoch. */
  take(message: UpMessage, epoch: number, now: number): UpMessage[] {
    const inbox = this.#inboxes.get(message.process) ?? this.#add(message.process, now);
    inbox.hear(message, now);
    inbox.isAlive = true;
    return message.batch > 0 && message.at.epoch === epoch ? inbox.take(message) : [];
  }

  /** Returns the processes that have become lost since the last call, because they were silent for too long. */
  lose(now: number): ProcessId[] {
    const lost = this.#others().filter(({ heardAt }) => now - heardAt > this.#limits.lostMs);
    for (const inbox of lost) inbox.isAlive = false;
    return lost.map(({ process }) => process);
  }

  /**
   * Called when a session gets a connection of a process. The next `lose` returns this process if it is lost, even if
   * an earlier `lose` has returned it already.
   */
  expect(process: ProcessId): void {
    const inbox = this.#inboxes.get(process) ?? this.#add(process, Number.NEGATIVE_INFINITY);
    inbox.isAlive = true;
  }

  /**
   * Returns a process that is fit to be the next authority: alive, and not about to end. Returns `preferred` if it is
   * fit; otherwise the process with the newest place.
   */
  successor(except: ReadonlySet<ProcessId>, preferred?: ProcessId): ProcessId | undefined {
    const fit = this.#others().filter(({ process, isLeaving }) => !isLeaving && !except.has(process));
    if (fit.some(({ process }) => process === preferred)) return preferred;
    return fit.toSorted((one, other) => comparePlaces(other.at, one.at))[0]?.process;
  }

  #others(): Inbox[] {
    return [...this.#inboxes.values()].filter(({ process, isAlive }) => isAlive && process !== this.#own);
  }

  #add(process: ProcessId, heardAt: number): Inbox {
    const inbox = new Inbox(process, heardAt, this.#limits);
    this.#inboxes.set(process, inbox);
    if (this.#inboxes.size > this.#limits.processes) {
      const lost = [...this.#inboxes.values()].find(({ isAlive }) => !isAlive);
      if (lost) this.#inboxes.delete(lost.process);
    }
    return inbox;
  }
}
