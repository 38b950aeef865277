// Saves player records asynchronously. The world does not wait for the database. A record is usually committed within
// half a second.
import { setTimeout as delay } from "node:timers/promises";
import type { PlayerRecord } from "../../rooms/player-store.ts";
import { assertStorable, StaleEpochError, type Store, StoreError } from "./store.ts";

/** Receives messages about the store's health. pino's loggers implement it. */
interface Logger {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

interface WriteBehindOptions {
  /** Milliseconds between the starts of two saves. 500 by default. */
  periodMs?: number;
  /** Milliseconds after which a load or a save counts as failed. 3000 by default. */
  timeoutMs?: number;
  /**
   * Maximum number of queued rows. A newer record of a player on a map replaces the queued one and needs no additional
   * row. A full queue keeps its rows and refuses records that need a new row. 100,000 by default.
   */
  maxRows?: number;
}

/** Counters since the start, and the present state of the queue. */
export interface StoreCounters {
  /** Transactions that committed rows. */
  saves: number;
  /** Rows that these transactions committed. */
  rows: number;
  /** Failed saves, including each retry. */
  failures: number;
  /** Records that a full queue refused. */
  refused: number;
  /** Rows whose newest record is not committed yet. */
  rowsWaiting: number;
  /** Milliseconds since the oldest uncommitted row was queued. */
  oldestWaitingMs: number;
  /** Milliseconds that the last save with rows took, successful or not. */
  lastSaveMs: number;
}

/** The newest record of a player on a map, until it is committed. */
interface Row {
  record: PlayerRecord;
  /** The `performance.now()` time at which the first uncommitted record of this row was queued. */
  since: number;
}

/** Rows by player and map, oldest first. */
type Rows = Map<string, Row>;

/** Milliseconds within which a store must close. */
const CLOSE_TIMEOUT_MS = 1000;

/**
 * A queue of player records in front of a store.
 *
 * Once per period, all queued rows are saved in one transaction. Saves never overlap. The records of a failed save
 * return to the queue, unless the queue already has newer records of the same players and maps. The queue retries once
 * per period, without limit. Only {@link load} and {@link forget} reject.
 */
export class WriteBehind {
  readonly #store: Store;
  readonly #logger: Logger;
  readonly #periodMs: number;
  readonly #timeoutMs: number;
  readonly #maxRows: number;

  #queued: Rows = new Map();
  /** The rows of the current save. They may or may not be in the database yet. */
  #saving: Rows = new Map();
  /**
   * The `performance.now()` time at which the current save started; undefined between saves. A save may have no rows.
   */
  #saveStartedAt: number | undefined;
  /** Settles when the last queued write to the store is done. Writes to the store run one after another. */
  #lastWrite: Promise<unknown> = Promise.resolve();
  /** The next save, if one is requested and has not started. It saves all rows that are queued when it starts. */
  #nextSave: Promise<boolean> | undefined;
  readonly #forgetting = new Map<string, Promise<number>>();

  /** The epoch in which this process saves as the authority of a cluster; undefined if it does not. */
  #epoch: number | undefined;
  /** Whether an authority with a newer epoch has taken over the saves. If so, records are refused. */
  #isFenced = false;

  #timer: NodeJS.Timeout | undefined;
  #closing: Promise<number> | undefined;
  #failingSince: number | undefined;
  readonly #counters = { saves: 0, rows: 0, failures: 0, refused: 0, lastSaveMs: 0 };

  constructor(store: Store, logger: Logger, options: WriteBehindOptions = {}) {
    this.#store = store;
    this.#logger = logger;
    this.#periodMs = options.periodMs ?? 500;
    this.#timeoutMs = options.timeoutMs ?? 3000;
    this.#maxRows = options.maxRows ?? 100_000;
  }

  /** Starts to save once per period. */
  start(): void {
    this.#timer = setInterval(() => {
      const ms = this.#saveStartedAt === undefined ? 0 : performance.now() - this.#saveStartedAt;
      if (ms > this.#timeoutMs) this.#onFailure(`a save has been running for ${Math.round(ms)} ms`);
      // Saves even without queued rows. Such an empty save shows whether the store is available, and detects its
      // recovery.
      this.flush();
    }, this.#periodMs);
  }

  /**
   * Saves as the authority of a cluster from now on. Drops the rows that are queued now, because another authority may
   * have saved newer rows or deleted the stored ones. Once an authority with a newer epoch saves, all records of this
   * process are refused.
   */
  fence(epoch: number): void {
    this.#epoch = epoch;
    this.#isFenced = false;
    this.#queued.clear();
    void this.flush(); // stores the new epoch, so that an older authority can no longer save
  }

  /**
   * Queues a record until it is committed. The record is lost only if the process ends, or another authority takes
   * over, before the commit. Do not change the object afterwards.
   * @returns false if the record was refused: the queue is full or closed, the player is being forgotten, or another
   * authority saves the players.
   * @throws {TypeError} if no store can hold the record.
   */
  put(record: PlayerRecord): boolean {
    assertStorable(record);
    if (this.#closing || this.#isFenced || this.#forgetting.has(record.player)) return false;
    const key = keyOf(record.player, record.map);
    const row = this.#queued.get(key);
    if (row) {
      row.record = record;
      return true;
    }
    if (!this.#saving.has(key) && this.#queued.size + this.#saving.size >= this.#maxRows) {
      this.#counters.refused++;
      return false;
    }
    this.#queued.set(key, { record, since: performance.now() });
    return true;
  }

  /**
   * Returns the newest record of a player on a map, committed or not, or undefined if there is none.
   * @throws {StoreError} if the record is not queued, and the store is unavailable or does not answer in time.
   */
  async load(player: string, map: string): Promise<PlayerRecord | undefined> {
    return this.#uncommitted(player, map) ?? within(this.#timeoutMs, this.#loadStored(player, map));
  }

  /**
   * Saves all queued rows now, or right after the current save.
   * @returns whether all these rows are committed. If not, they stay queued, unless another authority has taken over.
   */
  flush(): Promise<boolean> {
    this.#nextSave ??= this.#afterLastWrite(() => {
      this.#nextSave = undefined;
      return this.#save();
    });
    return this.#nextSave;
  }

  /**
   * Deletes all records of a player, committed or not. The player must have left before the call. Records of this
   * player are refused until the deletion is done.
   * @returns the number of deleted records in the store.
   * @throws {StoreError} if the store is unavailable. Queued records are then already deleted, but stored records are
   * not. Call `forget` again.
   */
  async forget(player: string): Promise<number> {
    for (const rows of [this.#queued, this.#saving]) {
      for (const [key, { record }] of rows) if (record.player === player) rows.delete(key);
    }
    // Runs after the current save, because that save may write a record of this player.
    const forgotten = this.#afterLastWrite(() => this.#store.forget(player));
    this.#forgetting.set(player, forgotten);
    try {
      return await forgotten;
    } finally {
      if (this.#forgetting.get(player) === forgotten) this.#forgetting.delete(player);
    }
  }

  /** Whether saving works: the last save succeeded, and the current one has not timed out. */
  get healthy(): boolean {
    return this.#failingSince === undefined;
  }

  counters(): StoreCounters {
    let rowsWaiting = this.#saving.size;
    for (const key of this.#queued.keys()) if (!this.#saving.has(key)) rowsWaiting++;
    const [oldest] = this.#saving.size > 0 ? this.#saving.values() : this.#queued.values();
    return { ...this.#counters, rowsWaiting, oldestWaitingMs: oldest ? performance.now() - oldest.since : 0 };
  }

  /**
   * Refuses further records, saves the queued ones and closes the store. Settles at most one second after the deadline.
   * @returns the number of lost rows: those not known to be committed at the deadline. Later calls return the same
   * promise.
   */
  close(deadlineMs: number): Promise<number> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #close(deadlineMs: number): Promise<number> {
    clearInterval(this.#timer);
    const deadline = performance.now() + deadlineMs;
    const msLeft = () => Math.max(0, deadline - performance.now());
    while (!(await within(msLeft(), this.flush()).catch(() => false)) && msLeft() > 0) {
      await delay(Math.min(this.#periodMs, msLeft()));
    }
    const lost = this.counters().rowsWaiting;
    if (lost > 0)
      this.#logger.error({ rows: lost }, "player records lost: the store was unavailable until the deadline");
    await within(CLOSE_TIMEOUT_MS, this.#store.close()).catch(() => {}); // an error does not matter: the process ends
    return lost;
  }

  #uncommitted(player: string, map: string): PlayerRecord | undefined {
    const key = keyOf(player, map);
    return (this.#queued.get(key) ?? this.#saving.get(key))?.record;
  }

  async #loadStored(player: string, map: string): Promise<PlayerRecord | undefined> {
    await this.#forgetting.get(player)?.catch(() => {});
    const stored = await this.#store.load(player, map);
    return this.#uncommitted(player, map) ?? stored;
  }

  /** Runs a write after all earlier writes have settled. */
  #afterLastWrite<T>(write: () => Promise<T>): Promise<T> {
    const done = this.#lastWrite.then(write);
    this.#lastWrite = done.catch(() => {});
    return done;
  }

  async #save(): Promise<boolean> {
    const batch = this.#queued;
    this.#saving = batch;
    this.#queued = new Map();
    const epoch = this.#epoch;
    const records = Array.from(batch.values(), (row) => row.record);
    const startedAt = performance.now();
    this.#saveStartedAt = startedAt;
    try {
      await this.#store.save(records, epoch);
    } catch (error) {
      if (epoch !== this.#epoch) return false;
      if (error instanceof StaleEpochError) return this.#onStaleEpoch(error);
      // Puts the rows back into the queue. A newer record replaces the older one, but the row keeps its position and
      // its age.
      for (const [key, newer] of this.#queued) {
        const older = batch.get(key);
        if (older) older.record = newer.record;
        else batch.set(key, newer);
      }
      this.#queued = batch;
      this.#counters.failures++;
      this.#onFailure((error as Error).message);
      return false;
    } finally {
      if (records.length > 0) this.#counters.lastSaveMs = performance.now() - startedAt;
      this.#saving = new Map();
      this.#saveStartedAt = undefined;
    }
    if (records.length > 0) this.#counters.saves++;
    this.#counters.rows += records.length;
    this.#onSuccess();
    return true;
  }

  /** Drops all rows and refuses further ones. Saves without rows go on: they show whether the store is available. */
  #onStaleEpoch({ message }: StaleEpochError): false {
    this.#epoch = undefined;
    this.#isFenced = true;
    this.#queued.clear();
    // Logged as info, because the epoch also becomes stale when an authority hands over before it stops.
    this.#logger.info({ reason: message }, "this process saves no more player records");
    return false;
  }

  #onFailure(reason: string): void {
    if (this.#failingSince !== undefined) return;
    this.#failingSince = performance.now();
    this.#logger.error({ reason }, "saving player records failed; they stay queued; retrying");
  }

  #onSuccess(): void {
    if (this.#failingSince === undefined) return;
    const seconds = Math.round((performance.now() - this.#failingSince) / 1000);
    this.#failingSince = undefined;
    this.#logger.info({ seconds }, "player records are saved again");
  }
}

function keyOf(player: string, map: string): string {
  return `${player}\0${map}`;
}

/** @throws {StoreError} if `work` does not settle in time. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise: timedOut, reject } = Promise.withResolvers<never>();
  const timeout = new StoreError(
    "store",
    `no answer within ${milliseconds} ms`,
    "check that the database is reachable",
  );
  const timer = setTimeout(() => reject(timeout), milliseconds);
  try {
    return await Promise.race([work, timedOut]);
  } finally {
    clearTimeout(timer);
  }
}
