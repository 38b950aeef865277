// Starts a Redis server for a test, in a temporary folder. The test can stop, kill and restart it, and cut connections.
// cspell:words appendonly requirepass SKIPME
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import type { RedisSettings } from "../../src/cluster/redis-connection.ts";
import type { Certificate } from "./certificate.ts";
import { freePort } from "./free-port.ts";
import { until } from "./until.ts";

/** The password of all Redis servers of the tests. Tests check that it is never printed. */
export const REDIS_PASSWORD = "s3cret/redis word";

/** A running server. */
export interface TestRedis {
  readonly port: number;
  /** The URL, including the password. */
  readonly url: string;
  /** The settings of a process that uses only this server, without Sentinels. */
  readonly settings: RedisSettings;
  /** A client of the test itself. It reconnects automatically after a restart of the server. */
  readonly client: Redis;
  /** Kills the server with SIGKILL. It stores nothing on disk, so it is empty after `start`. */
  kill(): Promise<void>;
  /** Starts the server again on the same port. */
  start(): Promise<void>;
  /**
   * Closes the connections of all other clients. With the type `pubsub`, closes only connections that have subscribed
   * to channels. With `normal`, closes only connections that have not subscribed.
   */
  cutConnections(type?: "normal" | "pubsub"): Promise<void>;
  /** Suspends the server with SIGSTOP: the server keeps its connections, but does not answer. */
  pause(): void;
  /** Lets the server continue after `pause`. */
  resume(): void;
  /** Ends the server and removes its folder. */
  remove(): Promise<void>;
}

/** Creates a server on a free port of 127.0.0.1 and starts it. With `tls`, the port accepts only TLS. */
export async function startRedis({ tls, args = [] }: { tls?: Certificate; args?: string[] } = {}): Promise<TestRedis> {
  const port = await freePort();
  const listen = tls
    ? ["--port", "0", "--tls-port", `${port}`, "--tls-cert-file", tls.certificate, "--tls-key-file", tls.key]
    : ["--port", `${port}`];
  const server = new RedisProcess([
    ...[...listen, ...(tls ? ["--tls-auth-clients", "no"] : []), "--requirepass", REDIS_PASSWORD],
    ...["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", ...args],
  ]);
  const url = `${tls ? "rediss" : "redis"}://:${encodeURIComponent(REDIS_PASSWORD)}@127.0.0.1:${port}`;
  const client = new Redis({
    ...{ host: "127.0.0.1", port, password: REDIS_PASSWORD, maxRetriesPerRequest: null },
    retryStrategy: () => 20,
    ...(tls ? { tls: { rejectUnauthorized: false } } : {}),
  });
  client.on("error", () => {});
  const start = async () => {
    server.start();
    await client.ping();
  };
  await start();
  return {
    port,
    url,
    settings: { url, sentinels: [], master: "mymaster" },
    client,
    kill: () => server.end(),
    start,
    async cutConnections(type) {
      for (const each of type ? [type] : (["normal", "pubsub"] as const)) {
        await client.client("KILL", "TYPE", each, "SKIPME", "YES");
      }
    },
    pause: () => server.signal("SIGSTOP"),
    resume: () => server.signal("SIGCONT"),
    async remove() {
      client.disconnect();
      await server.remove();
    },
  };
}

/** A running Sentinel, which watches one master and promotes the master's replica. */
interface TestSentinel {
  readonly port: number;
  /** Returns the port of the present master. */
  masterPort(): Promise<number>;
  remove(): Promise<void>;
}

/** Starts a Sentinel. It considers a master lost after `downAfterMs`, and needs no agreement from other Sentinels. */
export async function startSentinel(master: TestRedis, name: string, downAfterMs: number): Promise<TestSentinel> {
  const port = await freePort();
  const server = new RedisProcess(
    ["--sentinel"],
    [
      `port ${port}`,
      "bind 127.0.0.1",
      `sentinel monitor ${name} 127.0.0.1 ${master.port} 1`,
      `sentinel auth-pass ${name} "${REDIS_PASSWORD}"`,
      `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
      `sentinel failover-timeout ${name} 5000`,
    ],
  );
  server.start();
  const client = new Redis({ host: "127.0.0.1", port, maxRetriesPerRequest: null, retryStrategy: () => 20 });
  client.on("error", () => {});
  const masterPort = async () =>
    Number(((await client.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)) as string[])[1]);
  // A Sentinel can promote a replica only after the Sentinel has learned of this replica from the master.
  await until(async () => ((await client.call("SENTINEL", "REPLICAS", name)) as string[]).length > 0);
  return {
    port,
    masterPort,
    async remove() {
      client.disconnect();
      await server.remove();
    },
  };
}

/** A process of the program redis-server, with a folder of its own. */
class RedisProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), "sabang-redis-"));
  readonly #args: string[];
  #child: ChildProcess | undefined;

  /** @param config the lines of the configuration. They are written to a file that a Sentinel can change. */
  constructor(args: string[], config: string[] = []) {
    const file = join(this.#folder, "redis.conf");
    writeFileSync(file, config.join("\n"));
    this.#args = [file, "--bind", "127.0.0.1", "--dir", this.#folder, "--logfile", join(this.#folder, "log"), ...args];
  }

  start(): void {
    this.#child = spawn("redis-server", this.#args, { stdio: "ignore" });
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  async end(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  async remove(): Promise<void> {
    await this.end();
    rmSync(this.#folder, { recursive: true });
  }
}
