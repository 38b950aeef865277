// The lease of the authority, in a real Redis.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { LeaseState } from "../../../src/cluster/core/ports.ts";
import { RedisLease } from "../../../src/cluster/redis-lease.ts";
import { startRedis, type TestRedis } from "../../support/redis.ts";
import { describeWith } from "../../support/requiring.ts";
import { until } from "../../support/until.ts";

describeWith("redis", "the lease in Redis:", () => {
  let redis: TestRedis;
  let leases: RedisLease[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(() => redis.client.flushall());
  afterEach(() => {
    for (const lease of leases) lease.close();
    leases = [];
  });
  afterAll(() => redis?.remove());

  function leaseOf(process: string, options: { ttlMs?: number; timeoutMs?: number } = {}): RedisLease {
    // Both times are long, because Redis may answer late on a busy machine. A lease must not expire before the answer.
    const lease = new RedisLease({
      ...{ redis: redis.settings, prefix: "test", process, ttlMs: 60_000, timeoutMs: 10_000, ...options },
    });
    leases.push(lease);
    return lease;
  }

  const take = (lease: RedisLease, knownEpoch = 0) =>
    new Promise<LeaseState | undefined>((resolve) => lease.take(knownEpoch, resolve));
  const give = (lease: RedisLease, to: string) =>
    new Promise<LeaseState | undefined>((resolve) => lease.give(to, resolve));
  const release = (lease: RedisLease) => new Promise<void>((resolve) => lease.release(resolve));
  /** Matches an epoch that is larger than each of the given epochs. */
  const largerThan = (...epochs: number[]) => ({
    asymmetricMatch: (value: unknown) => Number.isSafeInteger(value) && (value as number) > Math.max(...epochs),
  });
  /** Takes the lease as soon as there is a connection. */
  const takeWhenConnected = (lease: RedisLease, knownEpoch = 0) => until(() => take(lease, knownEpoch), 30_000);

  test("the epoch of each new owner is larger than the previous epoch by a random step", async () => {
    const a = leaseOf("a");
    const epochs = [0];
    for (let round = 0; round < 20; round++) {
      epochs.push((await takeWhenConnected(a)).epoch);
      await release(a);
    }
    const steps = epochs.slice(1).map((epoch, i) => epoch - epochs[i]!);
    expect(steps.every((step) => step >= 1 && step <= 1000)).toBe(true);
    expect(new Set(steps).size).toBeGreaterThan(5);
  });

  test("if two processes take the lease at the same time, one gets it and both learn the owner", async () => {
    const [a, b] = [leaseOf("a"), leaseOf("b")];
    const states = await Promise.all([takeWhenConnected(a), takeWhenConnected(b)]);
    expect(states[0]).toEqual(states[1]);
    expect(states[0]).toEqual({ owner: expect.stringMatching(/^[ab]$/), epoch: largerThan(0), newest: undefined });
  });

  test("an owner that takes the lease again keeps its epoch", async () => {
    const a = leaseOf("a");
    const { epoch } = await takeWhenConnected(a);
    expect(await take(a, epoch)).toMatchObject({ owner: "a", epoch });
  });

  test("a lease that is not renewed expires, and the next owner has a larger epoch", async () => {
    const [a, b] = [leaseOf("a", { ttlMs: 50 }), leaseOf("b")];
    const first = await takeWhenConnected(a);
    const second = await until(async () => {
      const taken = await take(b);
      return taken?.owner === "b" && taken;
    });
    expect(second.epoch).toEqual(largerThan(first.epoch));
    expect(await take(a)).toEqual(second);
  });

  test("only the owner can give the lease to another process, and the epoch then grows", async () => {
    const [a, b] = [leaseOf("a"), leaseOf("b")];
    const first = await takeWhenConnected(a);
    await takeWhenConnected(b);
    expect(await give(b, "c")).toEqual(first);
    const second = await give(a, "b");
    expect(second).toMatchObject({ owner: "b", epoch: largerThan(first.epoch) });
    expect(await take(b, first.epoch)).toEqual(second);
    expect(await give(a, "a")).toEqual(second);
  });

  test("only the owner can free the lease", async () => {
    const [a, b] = [leaseOf("a"), leaseOf("b")];
    const first = await takeWhenConnected(a);
    await takeWhenConnected(b);
    await release(b);
    expect(await take(b)).toEqual(first);
    await release(a);
    expect(await take(b)).toMatchObject({ owner: "b", epoch: largerThan(first.epoch) });
  });

  test("a new epoch is larger than the one that the process knows, even if Redis has lost its data", async () => {
    const a = leaseOf("a");
    await takeWhenConnected(a);
    await redis.kill();
    await redis.start();
    expect(await takeWhenConnected(a, 7)).toEqual({ owner: "a", epoch: largerThan(7), newest: undefined });
  });

  test("a new epoch is larger than that of the newest place, even if Redis has lost the epoch", async () => {
    await redis.client.set("test:newest", "5000 12");
    const newest = { epoch: 5000, number: 12 };
    expect(await takeWhenConnected(leaseOf("a"))).toEqual({ owner: "a", epoch: largerThan(5000), newest });
  });

  test("an owner gets a new epoch if it knows a larger epoch than the one in Redis", async () => {
    const a = leaseOf("a");
    await takeWhenConnected(a);
    const { epoch } = (await take(a, 4000))!;
    expect(epoch).toEqual(largerThan(4000));
    expect(await take(a, epoch)).toMatchObject({ owner: "a", epoch });
  });

  test("the epoch is exact up to 53 bits", async () => {
    const large = Number.MAX_SAFE_INTEGER - 1000;
    const { epoch } = await takeWhenConnected(leaseOf("a"), large);
    expect(epoch).toEqual(largerThan(large));
    expect(await redis.client.get("test:epoch")).toBe(String(epoch));
  });

  test("clusters with different prefixes have different leases", async () => {
    const other = new RedisLease({ redis: redis.settings, prefix: "other", process: "b", timeoutMs: 10_000 });
    leases.push(other);
    await takeWhenConnected(leaseOf("a"));
    expect(await takeWhenConnected(other)).toMatchObject({ owner: "b" });
  });

  test("the state of the lease is unknown while Redis is paused or killed, and known again afterwards", async () => {
    const a = leaseOf("a", { timeoutMs: 100 });
    await takeWhenConnected(a);
    redis.pause();
    for (let i = 0; i < 3; i++) expect(await take(a)).toBeUndefined();
    let isReleased = false;
    void release(a).then(() => {
      isReleased = true;
    });
    await until(() => isReleased);
    redis.resume();
    expect(await takeWhenConnected(a)).toMatchObject({ owner: "a" });
    await redis.kill();
    expect(await take(a)).toBeUndefined();
    await redis.start();
    expect(await takeWhenConnected(a, 3)).toMatchObject({ owner: "a", epoch: largerThan(3) });
  });

  test("an owner whose connection is cut keeps the lease and its epoch", async () => {
    const a = leaseOf("a");
    const { epoch } = await takeWhenConnected(a);
    for (let round = 0; round < 5; round++) {
      const taken = take(a, epoch);
      await redis.cutConnections();
      await taken;
      expect(await takeWhenConnected(a, epoch)).toMatchObject({ owner: "a", epoch });
    }
  });
});
