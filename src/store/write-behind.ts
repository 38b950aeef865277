// Saves places behind the game's back: the world goes on at once, the database learns of it within half a second.
import { setTimeout as delay } from "node:timers/promises";
import type { PlayerRecord } from "../../rooms/player-store.ts";
import { assertPlace, type Store, StoreError } from "./store.ts";

/** What is told about the store's health. pino's loggers fit. */
interface Logger {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

interface WriteBehindOptions {
  /** Milliseconds between the starts of two saves. */
  periodMs?: number;
  /** Milliseconds after which a load, or the saving of one batch, counts as a store that is away. */
  patienceMs?: number;
  /**
   * Rows that may wait. It takes that many different players to reach it, since a player's newer place replaces the
   * one that waits; then a place of yet another player is not accepted, and those that wait stay.
   */
  mostRows?: number;
}

/** What has happened so far, and what waits now. */
export interface StoreCounters {
  /** Transactions that have committed rows. */
  saves: number;
  /** Rows in them. */
  rows: number;
  /** Saves that failed, each retry counted. */
  failures: number;
  /** Places that were not accepted because too many waited. */
  refused: number;
  /** Players and maps whose newest place is not committed. */
  rowsWaiting: number;
  /** Milliseconds since the one that has waited longest was put. */
  oldestWaitingMs: number;
  /** Milliseconds that the last save with rows took, successful or not. */
  lastSaveMs: number;
}

interface Waiting {
  place: PlayerRecord;
  /** When the first place of this row was put that is not committed, by the clock of `performance.now()`. */
  since: number;
}

/** Rows by player and map, those that have waited longest first. */
type Rows = Map<string, Waiting>;

/** Milliseconds that a store has to close itself. */
const CLOSING_MS = 1000;

/**
 * A queue of places in front of a store.
 *
 * Every period, what waits is saved in one transaction; one is under way at a time. A save that fails puts its rows
 * back, except where a newer place waits by now, and the next period tries again, for as long as it takes. Nothing
 * rejects but {@link load} and {@link forget}.
 */
export class WriteBehind {
  readonly #store: Store;
  readonly #logger: Logger;
  readonly #periodMs: number;
  readonly #patienceMs: number;
  readonly #mostRows: number;

  #waiting: Rows = new Map();
  /** The rows of the save under way. They may be in the database or not. */
  #saving: Rows = new Map();
  /** When the save under way began, an empty one too. */
  #savingSince: number | undefined;
  /** The end of the line in which writes to the store stand. */
  #line: Promise<unknown> = Promise.resolve();
  /** The save that stands in line and has not begun: it will take whatever waits by then. */
  #next: Promise<boolean> | undefined;
  readonly #forgetting = new Map<string, Promise<number>>();

  #timer: NodeJS.Timeout | undefined;
  #closing: Promise<number> | undefined;
  #faultySince: number | undefined;
  readonly #counters = { saves: 0, rows: 0, failures: 0, refused: 0, lastSaveMs: 0 };

  constructor(store: Store, logger: Logger, options: WriteBehindOptions = {}) {
    this.#store = store;
    this.#logger = logger;
    this.#periodMs = options.periodMs ?? 500;
    this.#patienceMs = options.patienceMs ?? 3000;
    this.#mostRows = options.mostRows ?? 100_000;
  }

  /** Begins to save, every period from now on. */
  start(): void {
    this.#timer = setInterval(() => {
      const ms = this.#savingSince === undefined ? 0 : performance.now() - this.#savingSince;
      if (ms > this.#patienceMs) this.#fault(`a save has been under way for ${Math.round(ms)} ms`);
      // Also when nothing waits: an empty save tells whether the store is there, and is how its return is noticed.
      this.flush();
    }, this.#periodMs);
  }

  /**
   * Accepts a place: from now on it is not lost while this process lives. The object is kept; do not change it.
   * @returns false if it is not accepted: too many rows wait, the player is just being forgotten, or all is closed.
   * @throws {TypeError} for a place that no store can hold.
   */
  put(place: PlayerRecord): boolean {
    assertPlace(place);
    if (this.#closing || this.#forgetting.has(place.player)) return false;
    const key = keyOf(place.player, place.map);
    const row = this.#waiting.get(key);
    if (row) {
      row.place = place;
      return true;
    }
    if (!this.#saving.has(key) && this.#waiting.size + this.#saving.size >= this.#mostRows) {
      this.#counters.refused++;
      return false;
    }
    this.#waiting.set(key, { place, since: performance.now() });
    return true;
  }

  /**
   * The newest place of a player, committed or not, or undefined if there is none.
   * @throws {StoreError} if the store is away or does not answer in time, so that nobody knows.
   */
  async load(player: string, map: string): Promise<PlayerRecord | undefined> {
    return this.#uncommitted(player, map) ?? within(this.#patienceMs, this.#loadStored(player, map));
  }

  /**
   * Saves what waits now, without waiting for the period: after the save that is under way, if one is.
   * @returns whether all of it is committed. What is not waits for the next time.
   */
  flush(): Promise<boolean> {
    this.#next ??= this.#inLine(() => {
      this.#next = undefined;
      return this.#save();
    });
    return this.#next;
  }

  /**
   * Removes every place of a player, committed or not. The player has left before: until it is done nothing is accepted
   * of them, and afterwards everything is again.
   * @returns how many places were in the store.
   * @throws {StoreError} if the store is away: what waited is gone, what was stored is not, and it has to be asked again.
   */
  async forget(player: string): Promise<number> {
    for (const rows of [this.#waiting, this.#saving]) {
      for (const [key, { place }] of rows) if (place.player === player) rows.delete(key);
    }
    // In line: the save that is under way may hold a place of this player, and would bring it back.
    const forgotten = this.#inLine(() => this.#store.forget(player));
    this.#forgetting.set(player, forgotten);
    try {
      return await forgotten;
    } finally {
      if (this.#forgetting.get(player) === forgotten) this.#forgetting.delete(player);
    }
  }

  /** Whether places are being saved: the last attempt was successful, and none is taking too long. */
  get healthy(): boolean {
    return this.#faultySince === undefined;
  }

  counters(): StoreCounters {
    let rowsWaiting = this.#saving.size;
    for (const key of this.#waiting.keys()) if (!this.#saving.has(key)) rowsWaiting++;
    const [oldest] = this.#saving.size > 0 ? this.#saving.values() : this.#waiting.values();
    return { ...this.#counters, rowsWaiting, oldestWaitingMs: oldest ? performance.now() - oldest.since : 0 };
  }

  /**
   * Accepts nothing more, saves what waits and closes the store. It settles a second after the deadline at the latest.
   * @returns how many rows are lost: not known to be committed when the deadline came. A second call returns the same.
   */
  close(deadlineMs: number): Promise<number> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #close(deadlineMs: number): Promise<number> {
    clearInterval(this.#timer);
    const deadline = performance.now() + deadlineMs;
    const left = () => Math.max(0, deadline - performance.now());
    while (!(await within(left(), this.flush()).catch(() => false)) && left() > 0) {
      await delay(Math.min(this.#periodMs, left()));
    }
    const lost = this.counters().rowsWaiting;
    if (lost > 0) this.#logger.error({ rows: lost }, "places are lost: the store was away until the end");
    await within(CLOSING_MS, this.#store.close()).catch(() => {}); // there is nothing left to do about it
    return lost;
  }

  #uncommitted(player: string, map: string): PlayerRecord | undefined {
    const key = keyOf(player, map);
    return (this.#waiting.get(key) ?? this.#saving.get(key))?.place;
  }

  async #loadStored(player: string, map: string): Promise<PlayerRecord | undefined> {
    await this.#forgetting.get(player)?.catch(() => {});
    const stored = await this.#store.load(player, map);
    return this.#uncommitted(player, map) ?? stored;
  }

  /** Runs one write after the other. */
  #inLine<T>(write: () => Promise<T>): Promise<T> {
    const done = this.#line.then(write);
    this.#line = done.catch(() => {});
    return done;
  }

  async #save(): Promise<boolean> {
    const batch = this.#waiting;
    this.#saving = batch;
    this.#waiting = new Map();
    const places = Array.from(batch.values(), (row) => row.place);
    const begun = performance.now();
    this.#savingSince = begun;
    try {
      await this.#store.save(places);
    } catch (error) {
      // The newer ones go over the older ones, which keep their turn and their age.
      for (const [key, newer] of this.#waiting) {
        const older = batch.get(key);
        if (older) older.place = newer.place;
        else batch.set(key, newer);
      }
      this.#waiting = batch;
      this.#counters.failures++;
      this.#fault((error as Error).message);
      return false;
    } finally {
      if (places.length > 0) this.#counters.lastSaveMs = performance.now() - begun;
      this.#saving = new Map();
      this.#savingSince = undefined;
    }
    if (places.length > 0) this.#counters.saves++;
    this.#counters.rows += places.length;
    this.#well();
    return true;
  }

  #fault(reason: string): void {
    if (this.#faultySince !== undefined) return;
    this.#faultySince = performance.now();
    this.#logger.error({ reason }, "places cannot be saved; they wait, and it is tried again until it works");
  }

  #well(): void {
    if (this.#faultySince === undefined) return;
    const seconds = Math.round((performance.now() - this.#faultySince) / 1000);
    this.#faultySince = undefined;
    this.#logger.info({ seconds }, "places are saved again");
  }
}

function keyOf(player: string, map: string): string {
  return `${player}\0${map}`;
}

/** @throws {StoreError} when `work` has not settled in time. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const fault = new StoreError("store", `no answer within ${milliseconds} ms`, "its fault is in the log");
  const timer = setTimeout(() => reject(fault), milliseconds);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
