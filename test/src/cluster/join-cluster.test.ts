// The checks at the start of a process in a cluster, with a real Redis.
// cspell:words allkeys cmdstat commandstats NOAUTH NOPERM resetchannels SETUSER WRONGPASS
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { fingerprintOf } from "../../../src/cluster/fingerprint.ts";
import { ClusterError, joinCluster, type Membership } from "../../../src/cluster/join-cluster.ts";
import type { RedisSettings } from "../../../src/cluster/redis-connection.ts";
import { freePort } from "../../support/free-port.ts";
import { REDIS_PASSWORD, startRedis, type TestRedis } from "../../support/redis.ts";
import { describeWith } from "../../support/requiring.ts";
import { until } from "../../support/until.ts";

const SECRET = "correct horse battery staple, and more";
const COMMON = {
  database: "d1",
  wire: [1, "state"],
  rules: { step: 8 },
  maps: [{ name: "plaza", solid: ["#."] }],
  JWT_SECRET: SECRET,
  MAX_MESSAGES_PER_SECOND: 300,
};
type Options = Parameters<typeof joinCluster>[0];

describeWith("redis", "the start of a process in a cluster:", () => {
  let redis: TestRedis;
  let members: Membership[] = [];
  let logged: object[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(() => redis.client.flushall());
  afterEach(async () => {
    await Promise.all(members.map((member) => member.leave()));
    members = [];
    logged = [];
  });
  afterAll(() => redis?.remove());

  async function join(process: string, options: Partial<Options> = {}): Promise<Membership> {
    const logger = { error: (fields: object) => logged.push(fields) };
    const member = await joinCluster({
      ...{ redis: redis.settings, prefix: "test", process, common: COMMON, logger, timeoutMs: 20_000, ttlMs: 60_000 },
      ...options,
    });
    members.push(member);
    return member;
  }

  /** Joins, and expects an error. Returns its message, which must contain neither the password nor the secret. */
  async function refusal(options: Partial<Options> = {}): Promise<string> {
    const error = await join("refused", options).then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(ClusterError);
    const { message } = error as ClusterError;
    for (const word of [REDIS_PASSWORD, encodeURIComponent(REDIS_PASSWORD), SECRET])
      expect(message).not.toContain(word);
    return message;
  }

  const differing = (fields: object) => refusal({ common: { ...COMMON, ...fields } });

  describe("processes that join one cluster:", () => {
    test("processes with the same settings can join the cluster, and store no secret in Redis", async () => {
      await join("a");
      await join("b");
      const entries = await redis.client.hgetall("test:processes");
      expect(Object.keys(entries).sort()).toEqual(["a", "b"]);
      expect(JSON.stringify(entries)).not.toContain(SECRET);
    });

    test.each([
      [{ wire: [2, "state"] }, /^version: .* does not understand; stop them first$/],
      [{ rules: { step: 9 } }, /^version: .* other rules of the game; stop them first$/],
      [{ maps: [{ name: "plaza", solid: [".#"] }] }, /^MAPS_DIR: .* give all of them the same files$/],
      [{ JWT_SECRET: `${SECRET}!` }, /^JWT_SECRET: differs .*; give all of them the same value$/],
      [{ MAX_MESSAGES_PER_SECOND: 299 }, /^MAX_MESSAGES_PER_SECOND: differs .*; give all of them the same value$/],
      [{ MAX_FRAME_BYTES: 1 }, /^MAX_FRAME_BYTES: differs .*$/],
    ])("a process that differs from the cluster in %j is refused with a helpful error", async (fields, sentence) => {
      await join("a");
      expect(await differing(fields)).toMatch(sentence);
      expect(Object.keys(await redis.client.hgetall("test:processes"))).toEqual(["a"]);
    });

    test("if a process differs from the cluster in several values, the error names all these values", async () => {
      await join("a");
      const lines = (await differing({ JWT_SECRET: "x", rules: {}, wire: 2 })).split("\n");
      expect(lines.map((line) => line.split(":")[0])).toEqual(["version", "version", "JWT_SECRET"]);
    });

    test("a process with another database is refused with the hint to set REDIS_PREFIX, but can join with another prefix", async () => {
      await join("a");
      const other = { ...COMMON, database: "d2", JWT_SECRET: "y" };
      expect(await differing(other)).toMatch(
        /^REDIS_PREFIX: a cluster with another database uses the prefix test .*; set another REDIS_PREFIX, or [^\n]*$/,
      );
      await join("b", { common: other, prefix: "other" });
    });

    test("a process with different settings can join the cluster after all other processes have left", async () => {
      const a = await join("a");
      await a.leave();
      await join("b", { common: { ...COMMON, database: "d2" } });
    });

    test("a process with different settings can join the cluster after the entries of killed processes have expired", async () => {
      await redis.client.hset("test:processes", "killed", `1 {"database":"d0"}`);
      await join("a");
      expect(Object.keys(await redis.client.hgetall("test:processes"))).toEqual(["a"]);
    });

    test("a process renews its entry, and writes it again after Redis has lost its data", async () => {
      await join("a", { ttlMs: 500 });
      const expiry = async () => Number((await redis.client.hget("test:processes", "a"))?.split(" ")[0]);
      const first = await expiry();
      await until(async () => (await expiry()) > first);
      await redis.client.flushall();
      await until(async () => (await expiry()) > first);
    });

    test("a process logs one error if another process with different settings has joined while Redis had no data", async () => {
      await join("a", { ttlMs: 500 });
      const other = JSON.stringify(fingerprintOf({ ...COMMON, JWT_SECRET: "x" }));
      await redis.client.hset("test:processes", "b", `${Number.MAX_SAFE_INTEGER} ${other}`);
      const renewed = async () =>
        Number((await redis.client.info("commandstats")).match(/cmdstat_eval:calls=(\d+)/)?.[1]);
      await until(() => logged.length > 0);
      const calls = await renewed();
      await until(async () => (await renewed()) > calls + 2);
      expect(logged).toEqual([{ reason: expect.stringMatching(/^JWT_SECRET: differs /) }]);
    });
  });

  describe("Redis:", () => {
    test.each(["allkeys-lru", "volatile-ttl"])("a Redis with the maxmemory-policy %s is refused", async (policy) => {
      await redis.client.config("SET", "maxmemory-policy", policy);
      try {
        expect(await refusal()).toBe(
          `REDIS_URL: Redis evicts keys when its memory is full (maxmemory-policy ${policy}); set its ` +
            "maxmemory-policy to noeviction",
        );
      } finally {
        await redis.client.config("SET", "maxmemory-policy", "noeviction");
      }
    });

    const at = (change: (url: string) => string, more: Partial<RedisSettings> = {}): Partial<Options> => ({
      redis: { ...redis.settings, url: change(redis.url), ...more },
    });

    test("the process does not start if no Redis runs at the address, and the error names the address", async () => {
      const port = await freePort();
      expect(await refusal(at((url) => url.replace(/:\d+$/, `:${port}`)))).toBe(
        `REDIS_URL: Redis at 127.0.0.1:${port} cannot be used: connect ECONNREFUSED 127.0.0.1:${port}; start it, or ` +
          "correct its address",
      );
    });

    test("the process does not start if Redis refuses its password, and the error does not show the password", async () => {
      const message = await refusal(at((url) => url.replace(/:[^:]+@/, ":wrong-word@")));
      expect(message).toMatch(/cannot be used: .*WRONGPASS.*; correct its user and password$/);
      expect(message).not.toContain("wrong-word");
    });

    test("the process does not start if REDIS_URL lacks the password that Redis requires", async () => {
      expect(await refusal(at((url) => url.replace(/:[^:]+@/, "")))).toMatch(
        /NOAUTH.*; correct its user and password$/,
      );
    });

    test("the process does not start if its Redis user may not use channels", async () => {
      await redis.client.acl("SETUSER", "limited", "on", ">word", "allkeys", "+@all", "resetchannels");
      expect(await refusal(at((url) => url.replace(/:[^:]+@/, "limited:word@")))).toMatch(
        /NOPERM.*; allow its user all commands and channels that begin with REDIS_PREFIX$/,
      );
    });

    test("the process does not start if Redis does not answer before a timeout", async () => {
      redis.pause();
      try {
        expect(await refusal({ timeoutMs: 100 })).toMatch(/no answer within 100 ms; start it, or correct its address$/);
      } finally {
        redis.resume();
      }
    });

    test("a URL with TLS is refused for a port without TLS", async () => {
      expect(await refusal(at((url) => url.replace("redis:", "rediss:")))).toMatch(
        /cannot be used: connect ETIMEDOUT; start it, correct its address, or use redis:\/\/ for a port without TLS$/,
      );
    });

    test("the process does not start if no Sentinel runs at the addresses, and the error names them", async () => {
      const port = await freePort();
      expect(await refusal(at((url) => url, { sentinels: [{ host: "127.0.0.1", port }] }))).toMatch(
        new RegExp(
          `^REDIS_SENTINELS: the master mymaster of 127.0.0.1:${port} cannot be used: .*; start it, or correct`,
        ),
      );
    });
  });
});
