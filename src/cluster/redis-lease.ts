// The lease of the authority in Redis. Scripts make each step atomic. TAKE and GIVE return the owner, so a process that
// misses an answer learns the owner from the next answer.
import { randomInt } from "node:crypto";
import type { Lease, LeaseState, Place, ProcessId } from "./core/ports.ts";
import { RedisConnection, type RedisSettings } from "./redis-connection.ts";
import { redisNames } from "./redis-names.ts";

interface RedisLeaseOptions {
  redis: RedisSettings;
  /** The prefix of all names in Redis. Each cluster has its own. */
  prefix: string;
  /** The id of this process. */
  process: ProcessId;
  /** Milliseconds after which a lease that is not renewed is free. 1000 by default. */
  ttlMs?: number;
  /** Milliseconds to wait for an answer. 400 by default. */
  timeoutMs?: number;
  /** Called with the time in milliseconds that Redis took for an answer. */
  onRoundTrip?: (ms: number) => void;
}

/** The answer of the scripts `TAKE` and `GIVE`. A value that is not stored is null. */
type Answer = [owner: string | null, epoch: string | null, newest: string | null];

/** Returns the state of the lease. Keys: owner, epoch, newest place. */
const STATE = `return redis.call("MGET", KEYS[1], KEYS[2], KEYS[3])`;

/**
 * Takes the lease if it is free, or renews it if this process has it. A new owner gets an epoch that is larger than
 * three others: the stored epoch, the epoch of the newest place, and the epoch that the process knows. An owner
 * also gets a new epoch if it knows a larger epoch than the stored one, because Redis may have lost data.
 * Arguments: process, TTL in milliseconds, known epoch, step of the epoch.
 */
const TAKE = `
local owner = redis.call("GET", KEYS[1])
local epoch = tonumber(redis.call("GET", KEYS[2]) or "0")
local known = tonumber(ARGV[3])
if not owner or (owner == ARGV[1] and epoch < known) then
  local newest = redis.call("GET", KEYS[3])
  local published = newest and tonumber(string.match(newest, "^%d+")) or 0
  redis.call("SET", KEYS[2], string.format("%.0f", math.max(epoch, known, published) + ARGV[4]))
  redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
elseif owner == ARGV[1] then
  redis.call("PEXPIRE", KEYS[1], ARGV[2])
end
${STATE}`;

/**
 * Gives the lease to another process, with a larger epoch, if this process has the lease.
 * Arguments: process, TTL in milliseconds, receiver, step of the epoch.
 */
const GIVE = `
if redis.call("GET", KEYS[1]) == ARGV[1] then
  redis.call("INCRBY", KEYS[2], ARGV[4])
  redis.call("SET", KEYS[1], ARGV[3], "PX", ARGV[2])
end
${STATE}`;

/** Frees the lease if this process has it. Arguments: process. */
const RELEASE = `if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end`;

const MAX_EPOCH_STEP = 1000;

/** The lease as one process sees it. */
export class RedisLease implements Lease {
  readonly #connection: RedisConnection;
  readonly #keys: [owner: string, epoch: string, newest: string];
  readonly #process: ProcessId;
  readonly #ttlMs: number;
  readonly #timeoutMs: number;

  /** Connects, and goes on trying for as long as Redis is unavailable. */
  constructor({ redis, prefix, process, ttlMs = 1000, timeoutMs = 400, onRoundTrip }: RedisLeaseOptions) {
    this.#connection = new RedisConnection(redis, "sabang-lease", onRoundTrip);
    const { owner, epoch, newest } = redisNames(prefix);
    this.#keys = [owner, epoch, newest];
    this.#process = process;
    this.#ttlMs = ttlMs;
    this.#timeoutMs = timeoutMs;
  }

  take(knownEpoch: number, done: (state: LeaseState | undefined) => void): void {
    this.#run(TAKE, [this.#ttlMs, knownEpoch, epochStep()], done);
  }

  give(to: ProcessId, done: (state: LeaseState | undefined) => void): void {
    this.#run(GIVE, [this.#ttlMs, to, epochStep()], done);
  }

  release(done: () => void): void {
    this.#run(RELEASE, [], done);
  }

  close(): void {
    this.#connection.close();
  }

  /** Runs a script. Calls `done` once, with the returned state, or with undefined if no state arrives in time. */
  #run(script: string, values: (string | number)[], done: (state: LeaseState | undefined) => void): void {
    let isDone = false;
    const finish = (answer?: unknown) => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      done(answer ? stateOf(answer as Answer) : undefined);
    };
    const timer = setTimeout(finish, this.#timeoutMs);
    this.#connection
      .call((redis) => redis.eval(script, this.#keys.length, ...this.#keys, this.#process, ...values))
      .then(finish, () => finish());
  }
}

/**
 * Returns the random number by which the epoch increases. With random numbers, Redis very rarely issues an epoch twice,
 * even if Redis has lost data, or if a replica of Redis has become the master.
 */
function epochStep(): number {
  return randomInt(1, MAX_EPOCH_STEP + 1);
}

function stateOf([owner, epoch, newest]: Answer): LeaseState {
  return {
    owner: owner ?? undefined,
    epoch: Number(epoch ?? 0),
    newest: newest === null ? undefined : placeOf(newest),
  };
}

/** Returns the place that is stored as `epoch number`. */
function placeOf(stored: string): Place {
  const [epoch, number] = stored.split(" ").map(Number);
  return { epoch: epoch!, number: number! };
}
