// Ways to run Redis: with TLS, and with a Sentinel that promotes a replica.
// cspell:words masterauth replicaof
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { LeaseState, Message } from "../../../src/cluster/core/ports.ts";
import { joinCluster } from "../../../src/cluster/join-cluster.ts";
import { RedisBus } from "../../../src/cluster/redis-bus.ts";
import type { RedisSettings } from "../../../src/cluster/redis-connection.ts";
import { RedisLease } from "../../../src/cluster/redis-lease.ts";
import { createCertificate } from "../../support/certificate.ts";
import { REDIS_PASSWORD, startRedis, startSentinel, type TestRedis } from "../../support/redis.ts";
import { describeWith } from "../../support/requiring.ts";
import { until } from "../../support/until.ts";

/** The parts of a process in a cluster that use Redis. */
interface Member {
  process: string;
  bus: RedisBus;
  received: Message[];
  /** Takes the lease. Resolves with undefined if the answer is unknown. */
  take(knownEpoch: number): Promise<LeaseState | undefined>;
}

const members: (Member & { close(): void })[] = [];
afterEach(() => {
  for (const member of members.splice(0)) member.close();
});

function memberOf(redis: RedisSettings, process: string): Member {
  const received: Message[] = [];
  const bus = new RedisBus({ redis, prefix: "test", process, onMessage: (message) => received.push(message) });
  // The lease lasts longer than a failover of Redis, so its owner stays the same.
  const lease = new RedisLease({ redis, prefix: "test", process, ttlMs: 600_000 });
  const close = () => {
    bus.close();
    lease.close();
  };
  const member = {
    ...{ process, bus, received, close },
    take: (knownEpoch: number) => new Promise<LeaseState | undefined>((resolve) => lease.take(knownEpoch, resolve)),
  };
  members.push(member);
  return member;
}

/** Sends messages from one process until the other process has received a message. */
async function expectTalk(from: Member, to: Member, epoch: number): Promise<void> {
  await until(() => {
    from.bus.send({ type: "place", process: from.process, epoch, at: { epoch: 0, number: 0 } });
    return to.received.some((message) => message.type === "place" && message.epoch === epoch);
  }, 60_000);
}

const check = async (redis: RedisSettings) => {
  const common = { database: "d", wire: 1, rules: 1, maps: [] };
  await (await joinCluster({ redis, prefix: "test", process: "c", common, logger: console })).leave();
};

describeWith("redis", "Redis with TLS:", () => {
  const authorities = tls.getCACertificates("default");
  let folder: string;
  let redis: TestRedis;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sabang-tls-"));
    redis = await startRedis({ tls: createCertificate(folder) });
  });
  afterEach(() => tls.setDefaultCACertificates(authorities));
  afterAll(async () => {
    await redis?.remove();
    rmSync(folder, { recursive: true });
  });

  test("a server with a self-signed certificate is refused, with the hint to name its certificate authority", async () => {
    await expect(check(redis.settings)).rejects.toThrow(
      /^REDIS_URL: Redis at 127\.0\.0\.1:\d+ cannot be used: self-signed certificate.*; name .* NODE_EXTRA_CA_CERTS$/,
    );
  });

  test("processes talk and share a lease over TLS", async () => {
    tls.setDefaultCACertificates([...authorities, readFileSync(join(folder, "site.crt"))]);
    await check(redis.settings);
    const [a, b] = [memberOf(redis.settings, "a"), memberOf(redis.settings, "b")];
    await expectTalk(a, b, 1);
    expect(await until(() => a.take(0))).toMatchObject({ owner: "a" });
    expect(await until(() => b.take(0))).toMatchObject({ owner: "a" });
  });

  test("a client without TLS is refused, with the hint to use rediss://", async () => {
    const url = redis.url.replace("rediss:", "redis:");
    await expect(check({ ...redis.settings, url })).rejects.toThrow(
      /; start it, correct its address, or use rediss:\/\/ for a port with TLS$/,
    );
  });
});

describeWith("redis", "Redis with a Sentinel:", () => {
  const NAME = "world";
  const DOWN_AFTER_MS = 1000;
  const TIMEOUT_MS = 120_000;

  describe.each(["kill", "pause"] as const)("after a %s of the master:", (loss) => {
    const servers: { remove(): Promise<void> }[] = [];
    afterAll(() => Promise.all(servers.map((server) => server.remove())));

    test(
      "all processes connect to the promoted replica, and the lease keeps its owner and epoch",
      async () => {
        const auth = ["--masterauth", REDIS_PASSWORD];
        const master = await startRedis({ args: auth });
        servers.push(master);
        const replica = await startRedis({ args: [...auth, "--replicaof", "127.0.0.1", `${master.port}`] });
        servers.push(replica);
        const sentinel = await startSentinel(master, NAME, DOWN_AFTER_MS);
        servers.push(sentinel);
        const sentinels = [{ host: "127.0.0.1", port: sentinel.port }];
        const settings = { url: `redis://:${encodeURIComponent(REDIS_PASSWORD)}@unused`, sentinels, master: NAME };

        await check(settings);
        const [a, b] = [memberOf(settings, "a"), memberOf(settings, "b")];
        await expectTalk(a, b, 1);
        const lease = await until(() => a.take(0), 30_000);
        expect(lease.owner).toBe("a");
        await until(async () => (await replica.client.get("test:owner")) === "a");

        await master[loss]();
        await until(async () => (await sentinel.masterPort()) === replica.port, TIMEOUT_MS);
        if (loss === "pause") master.resume();
        await until(async () => {
          // While the old master still answers as a master, the processes may be connected to different servers.
          const states = [await a.take(lease.epoch), await b.take(lease.epoch)];
          const clients = (await replica.client.client("LIST")) as string;
          return !states.includes(undefined) && clients.match(/name=sabang-lease/g)?.length === 2;
        }, TIMEOUT_MS);
        await expectTalk(a, b, 2);
        await expectTalk(b, a, 3);
        expect([await until(() => a.take(0)), await until(() => b.take(0))]).toEqual([lease, lease]);
      },
      2 * TIMEOUT_MS,
    );
  });
});
