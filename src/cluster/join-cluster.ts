// Adds a starting process to its cluster. Checks Redis, and that the process fits the others. While the process runs,
// Redis stores hashes of the process's settings. Processes that start later compare these hashes with their own.
// cspell:words ECONN EHOST ENET HDEL HGETALL HSET NOAUTH NOPERM TIMEDOUT WRONGPASS
import { type Common, differences, type Fingerprint, fingerprintOf } from "./fingerprint.ts";
import { RedisConnection, type RedisSettings } from "./redis-connection.ts";
import { type RedisNames, redisNames } from "./redis-names.ts";

/** Thrown if a process cannot join the cluster. The message has one line for each reason, and contains no password. */
export class ClusterError extends Error {
  constructor(reasons: string[]) {
    super(reasons.join("\n"));
    this.name = "ClusterError";
  }
}

interface JoinOptions {
  redis: RedisSettings;
  /** The prefix of all names in Redis. Each cluster has its own. */
  prefix: string;
  /** The id of this process. */
  process: string;
  /** The values that must be the same in all processes. */
  common: Common;
  logger: { error(fields: object, message: string): void };
  /** Milliseconds within which Redis must be ready. 5000 by default. */
  timeoutMs?: number;
  /** Milliseconds after which a process that does not renew its entry is considered gone. 5000 by default. */
  ttlMs?: number;
}

/** The entry of a process in the cluster. */
export interface Membership {
  /** Removes the entry, so that a process with other settings can start at once. */
  leave(): Promise<void>;
}

/** The number of renewals of an entry per TTL. An entry that is not renewed expires after its TTL. */
const RENEWALS_PER_TTL = 5;

/**
 * Adds the entry of a process if all other processes have the same fingerprint. Otherwise returns a fingerprint that
 * differs.
 * Keys: processes. Arguments: process, fingerprint, TTL in milliseconds.
 */
const ENTER = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local entries = redis.call("HGETALL", KEYS[1])
for i = 1, #entries, 2 do
  if entries[i] ~= ARGV[1] then
    local expires, fingerprint = string.match(entries[i + 1], "^(%d+) (.*)$")
    if tonumber(expires) <= now then
      redis.call("HDEL", KEYS[1], entries[i])
    elseif fingerprint ~= ARGV[2] then
      return fingerprint
    end
  end
end
redis.call("HSET", KEYS[1], ARGV[1], string.format("%.0f ", now + ARGV[3]) .. ARGV[2])
redis.call("PEXPIRE", KEYS[1], ARGV[3])
return false`;

/**
 * Checks Redis and the settings of the other processes, and adds the entry of this process.
 * @throws {ClusterError} if Redis cannot be used or may evict keys, or if the process does not fit the others.
 */
export async function joinCluster(options: JoinOptions): Promise<Membership> {
  const connection = new RedisConnection(options.redis, "sabang-member");
  try {
    await ready(connection, options.timeoutMs ?? 5000);
    const membership = new RedisMembership(connection, options);
    await checkRedis(connection, membership.channel);
    const reasons = await membership.enter();
    if (reasons.length > 0) throw new ClusterError(reasons);
    membership.start();
    return membership;
  } catch (error) {
    connection.close();
    throw error instanceof ClusterError ? error : unusable(options.redis, (error as Error).message);
  }
}

class RedisMembership implements Membership {
  readonly #connection: RedisConnection;
  readonly #options: JoinOptions;
  readonly #names: RedisNames;
  readonly #fingerprint: Fingerprint;
  readonly #ttlMs: number;
  #timer: NodeJS.Timeout | undefined;
  #reported = "";

  constructor(connection: RedisConnection, options: JoinOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#names = redisNames(options.prefix);
    this.#fingerprint = fingerprintOf(options.common);
    this.#ttlMs = options.ttlMs ?? 5000;
  }

  /** The channel of this process. */
  get channel(): string {
    return this.#names.of(this.#options.process);
  }

  /**
   * Adds or renews the entry of this process if all other processes have the same fingerprint. Otherwise returns the
   * differences.
   */
  async enter(): Promise<string[]> {
    const { process, prefix } = this.#options;
    const fingerprint = JSON.stringify(this.#fingerprint);
    const other = await this.#connection.call((redis) =>
      redis.eval(ENTER, 1, this.#names.processes, process, fingerprint, this.#ttlMs),
    );
    return other === null ? [] : differences(this.#fingerprint, JSON.parse(other as string), prefix);
  }

  /** Renews the entry from now on. */
  start(): void {
    // Errors are ignored here, because the bus reports that Redis is unavailable. If Redis has lost its data, the next
    // renewal adds the entry again.
    this.#timer = setInterval(
      () =>
        this.enter().then(
          (reasons) => this.#report(reasons),
          () => {},
        ),
      this.#ttlMs / RENEWALS_PER_TTL,
    );
  }

  async leave(): Promise<void> {
    clearInterval(this.#timer);
    await this.#connection.call((redis) => redis.hdel(this.#names.processes, this.#options.process)).catch(() => {});
    this.#connection.close();
  }

  /** Reports once that a process with other settings is running. It may have started after Redis had lost its data. */
  #report(reasons: string[]): void {
    const reason = reasons.join("; ");
    if (reason !== this.#reported && reason !== "") {
      this.#options.logger.error({ reason }, "another process of the cluster has different settings; stop one of them");
    }
    this.#reported = reason;
  }
}

/** Resolves when Redis answers. Rejects with the first error, or after `timeoutMs`. */
async function ready({ client }: RedisConnection, timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const onClose = () => reject(new Error("it closes the connection"));
  client.once("ready", resolve).once("error", reject).once("close", onClose);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    client.off("ready", resolve).off("error", reject).off("close", onClose);
  }
}

/** Checks that Redis does not evict keys, and that this process may publish on the channel. */
async function checkRedis(connection: RedisConnection, channel: string): Promise<void> {
  const memory = await connection.call((redis) => redis.info("memory"));
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1];
  if (policy !== undefined && policy !== "noeviction") {
    throw new ClusterError([
      `REDIS_URL: Redis evicts keys when its memory is full (maxmemory-policy ${policy}); set its maxmemory-policy to ` +
        "noeviction",
    ]);
  }
  await connection.call((redis) => redis.publish(channel, ""));
}

/** Returns the error for a Redis that cannot be used. The error names only addresses: the URL contains the password. */
function unusable({ url, sentinels, master }: RedisSettings, reason: string): ClusterError {
  const hint = HINTS.find(([, pattern]) => pattern.test(reason))?.[0](url.startsWith("rediss:")) ?? "see its own log";
  if (sentinels.length > 0) {
    const addresses = sentinels.map(({ host, port }) => `${host}:${port}`).join(", ");
    return new ClusterError([
      `REDIS_SENTINELS: the master ${master} of ${addresses} cannot be used: ${reason}; ${hint}`,
    ]);
  }
  const { hostname, port } = new URL(url);
  return new ClusterError([`REDIS_URL: Redis at ${hostname}:${port || 6379} cannot be used: ${reason}; ${hint}`]);
}

/** Hints that depend on the reason, and on whether TLS is used. */
const HINTS: [hint: (isTls: boolean) => string, reason: RegExp][] = [
  [() => "correct its user and password", /WRONGPASS|NOAUTH|invalid password/],
  [() => "allow its user all commands and channels that begin with REDIS_PREFIX", /NOPERM/],
  [() => "name the master, not a replica", /READONLY/],
  [() => "name the certificate of its authority in NODE_EXTRA_CA_CERTS", /certificate/],
  // A Redis without TLS waits for the rest of a command if a client speaks TLS. A Redis with TLS closes the connection
  // of a client without TLS.
  [
    (isTls) =>
      `start it, correct its address, or use ${isTls ? "redis" : "rediss"}:// for a port with${isTls ? "out" : ""} TLS`,
    /ECONNRESET|ETIMEDOUT|EPIPE|closes the connection/,
  ],
  [() => "start it, or correct its address", /^.*$/],
];
