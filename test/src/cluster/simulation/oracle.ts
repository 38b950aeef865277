// The oracle observes all processes of a simulation, and finds violations: events that must not happen.

import { TICK_MS } from "../../../../sim/rules.ts";
import { comparePlaces, placeName, START } from "../../../../src/cluster/core/place.ts";
import type { DownMessage, Place, ProcessId, SessionEntry } from "../../../../src/cluster/core/ports.ts";

/** The state at a place in the message stream: the fingerprint of the rooms, and the session table. */
interface Known {
  readonly rooms: number;
  readonly sessions: ReadonlyMap<string, SessionEntry>;
}

/** A tick may come this many milliseconds too early, because timers are not exact. */
const TOLERANCE_MS = 1;

/** Thrown for the first event that must not happen. */
class Violation extends Error {
  override readonly name = "Violation";
}

/** Figures of a run, for the report. */
export interface RunFigures {
  ticks: number;
  applied: number;
  reigns: number;
  /** The number of epochs that continued from an older state, because no process with a newer state was reachable. */
  rollbacks: number;
  handovers: number;
  /** The longest time between two consecutive ticks. */
  longestStillMs: number;
}

/** Observes a simulation, and throws a Violation for the first event that must not happen. */
export class Oracle {
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #authors = new Map<number, ProcessId>();
  /** By tick number: the time of each tick in the history that the newest authority continues. */
  readonly #tickedAt: number[] = [];
  /** The sessions that the rooms have ended, for example because the client left. */
  readonly #ended = new Set<string>();
  /** One function per rollback. It returns whether the rollback lost a place. */
  readonly #lost: ((place: Place) => boolean)[] = [];
  #newestEpoch = 0;
  /** The epoch that began most recently. It may be smaller than `#newestEpoch` after Redis has lost its data. */
  #lastEpoch = 0;
  #rollbackAt = Number.NEGATIVE_INFINITY;
  readonly figures: RunFigures = {
    ticks: 0,
    applied: 0,
    reigns: 0,
    rollbacks: 0,
    handovers: 0,
    longestStillMs: 0,
  };

  constructor(now: () => number, rooms: number) {
    this.#now = now;
    this.#known.set(placeName(START), { rooms, sessions: new Map() });
  }

  /** Throws a Violation with this description and the current time. */
  fail(what: string): never {
    throw new Violation(`at ${this.#now().toFixed(1)} ms: ${what}`);
  }

  /** Called when an authority ticks. */
  ticks(process: ProcessId, epoch: number, tick: number): void {
    this.#writes(process, epoch);
    // An authority that has been replaced may still tick, but publishes nothing.
    if (epoch < this.#newestEpoch) return;
    const now = this.#now();
    const before = this.#tickedAt[tick - 1];
    if (before !== undefined && now - before < TICK_MS - TOLERANCE_MS)
      this.fail(`${process} has ticked ${now - before} ms after the tick before`);
    this.#tickedAt[tick] = now;
    const { figures } = this;
    if (before !== undefined) figures.longestStillMs = Math.max(figures.longestStillMs, now - before);
    this.figures.ticks++;
  }

  /**
   * Called when an authority publishes a message. `rooms` is the fingerprint of its rooms; undefined if they have not
   * changed.
   */
  publishes({ place, from, process, sessions, ended, progress }: DownMessage, rooms: number | undefined): void {
    this.#writes(process, place.epoch);
    const name = placeName(place);
    const before = this.#known.get(placeName(from));
    if (!before) this.fail(`${process} goes on at ${name} from an unknown place ${placeName(from)}`);
    if (this.#known.has(name)) return;
    const table = new Map(before.sessions);
    for (const session of ended) table.delete(session);
    for (const entry of sessions) table.set(entry.session, entry);
    for (const { handle, received } of progress) {
      const entry = [...table.values()].find((one) => one.handle === handle);
      if (!entry) this.fail(`${process} names the handle ${handle} at ${name}, which no session has`);
      table.set(entry.session, { ...entry, received });
    }
    this.#known.set(name, { rooms: rooms ?? before.rooms, sessions: table });
  }

  /** Expects the state of a process at a place to equal the state that was published for this place. */
  has(process: ProcessId, place: Place, rooms: number, sessions?: readonly SessionEntry[]): void {
    const known = this.#known.get(placeName(place));
    if (!known) this.fail(`${process} is at ${placeName(place)}, which was never published`);
    // A process that was stopped may still be at a place that a rollback has lost. Its clients may see the lost changes
    // only now, so the time of the rollback is set to now.
    if (this.#lost.some((isLost) => isLost(place))) this.#rollbackAt = this.#now();
    if (rooms !== known.rooms) this.fail(`${process} has other rooms at ${placeName(place)} than the authority`);
    if (!sessions) return;
    if (sessions.length !== known.sessions.size)
      this.fail(`${process} has ${sessions.length} sessions at ${placeName(place)}, not ${known.sessions.size}`);
    for (const entry of sessions) {
      const { process: home, connection, handle, received } = known.sessions.get(entry.session) ?? {};
      const isSame = entry.process === home && entry.connection === connection && entry.handle === handle;
      if (!isSame || entry.received !== received)
        this.fail(`${process} has another entry of ${entry.session} at ${placeName(place)} than the authority`);
    }
  }

  /**
   * Called when a process becomes the authority of a new epoch, and continues from a place.
   * @param ahead describes a process that was at a later place.
   * @param isExcused whether the new authority may have been unable to learn of that later place.
   */
  reigns(process: ProcessId, epoch: number, from: Place, ahead: string | undefined, isExcused: boolean): void {
    this.figures.reigns++;
    this.#newestEpoch = Math.max(this.#newestEpoch, epoch);
    // A process without state may begin a new world at a smaller epoch if Redis has lost its data. The new world is
    // lost if another process then continues the old world, whose epoch is larger.
    const lastEpoch = this.#lastEpoch;
    const isOtherWorld = from.epoch > lastEpoch;
    this.#lastEpoch = epoch;
    if (!ahead && !isOtherWorld) return;
    if (ahead && !isExcused) this.fail(`${process} goes on from ${placeName(from)}, although ${ahead}`);
    this.figures.rollbacks++;
    this.#rollbackAt = this.#now();
    this.#lost.push((place) =>
      isOtherWorld ? place.epoch === lastEpoch : place.epoch < epoch && comparePlaces(place, from) > 0,
    );
  }

  /** Whether there was a rollback since a time. Changes that clients have seen since that time may be lost. */
  hasRolledBackSince(time: number): boolean {
    return this.#rollbackAt >= time;
  }

  /** Called when the rooms have ended a session, for example because its client left. */
  ends(session: string): void {
    this.#ended.add(session);
  }

  /** Called when a client is told that its session is unknown. The client got the session at the time `since`. */
  refuses(session: string, since: number): void {
    if (!this.#ended.has(session) && !this.hasRolledBackSince(since)) this.fail(`the session ${session} is lost`);
  }

  /** Whether the rooms have ended a session. */
  hasEnded(session: string): boolean {
    return this.#ended.has(session);
  }

  #writes(process: ProcessId, epoch: number): void {
    const author = this.#authors.get(epoch);
    if (author === undefined) this.#authors.set(epoch, process);
    else if (author !== process) this.fail(`${process} and ${author} are both the authority of epoch ${epoch}`);
  }
}
