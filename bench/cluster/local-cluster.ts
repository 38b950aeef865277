// A cluster on this machine: Redis, PostgreSQL, the server processes, and a balancer in front of them.
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { stop } from "../harness/children.ts";
import { freePort } from "../harness/free-port.ts";
import { waitFor } from "../harness/wait-for.ts";
import { type BalancerKind, startBalancer } from "./balancer.ts";
import { createData, LocalPostgres } from "./local-postgres.ts";
import { LocalRedis } from "./local-redis.ts";
import { Member } from "./member.ts";

/** Milliseconds within which a cluster must have an authority: the process that runs all rooms. */
const AUTHORITY_TIMEOUT_MS = 15_000;

/** The options of a cluster. */
export interface ClusterOptions {
  /** The number of server processes. */
  processes: number;
  balancer: BalancerKind;
  /** The port of the balancer; by default a free one. */
  port?: number;
  /** An existing folder for the files of all programs. */
  folder: string;
  /** Additional environment variables of the processes. */
  environment?: Record<string, string>;
  /** Returns additional environment variables for the process that will listen on this port. */
  environmentOf?: (port: number) => Record<string, string>;
  /** Called with everything that a process prints. */
  onOutput?: (member: Member, text: string) => void;
}

/** A running cluster. */
export interface LocalCluster {
  /** The port of the balancer. */
  readonly port: number;
  readonly members: readonly Member[];
  readonly redis: LocalRedis;
  readonly postgresPort: number;
  /** Returns the process that says that it is the authority; undefined if there is none. */
  authority(): Promise<Member | undefined>;
  /** Resolves with the authority as soon as there is one. */
  untilAuthority(): Promise<Member>;
  /** Stops all programs: the server processes with SIGTERM one after the other, then the balancer and the databases. */
  stop(): Promise<void>;
}

/** Starts a cluster. Resolves when the balancer answers and one process is the authority. */
export async function startCluster(options: ClusterOptions): Promise<LocalCluster> {
  const { folder, balancer: kind, processes, environmentOf = () => ({}), onOutput = () => {} } = options;
  // PostgreSQL runs as another user if this process is root. That user must be able to reach PostgreSQL's folder.
  chmodSync(folder, 0o755);
  const password = randomBytes(12).toString("hex");
  const postgresPort = await freePort();
  const postgres = new LocalPostgres(createData(join(folder, "postgres"), password), postgresPort, password);
  const redisFolder = join(folder, "redis");
  mkdirSync(redisFolder);
  const redis = new LocalRedis(redisFolder, await freePort());
  await Promise.all([postgres.start(), redis.start()]);

  const environment = {
    NODE_ENV: "development",
    REDIS_URL: redis.url,
    DATABASE_URL: await postgres.createDatabase(),
    JWT_SECRET: randomBytes(36).toString("base64"),
    TRUST_PROXY: "loopback",
    ...options.environment,
  };
  const members: Member[] = [];
  for (let index = 1; index <= processes; index++) {
    const name = `process ${index}`;
    const port = await freePort();
    const own = { ...environment, ...environmentOf(port) };
    const member: Member = new Member(name, port, folder, own, (text) => onOutput(member, text));
    members.push(member);
  }
  const authority = async () => (await authorities(members))[0];
  const untilAuthority = () => waitFor("a process is the authority", authority, AUTHORITY_TIMEOUT_MS);
  // The first process creates the tables of the database, so the others start after it.
  await members[0]!.start();
  await Promise.all(members.slice(1).map((member) => member.start()));
  const port = options.port ?? (await freePort());
  const backends = members.map(({ name, port }) => ({ name: name.replaceAll(" ", "-"), port }));
  const balancer = await startBalancer(kind, folder, port, backends);
  await untilAuthority();
  return {
    port,
    members,
    redis,
    postgresPort,
    authority,
    untilAuthority,
    stop: async () => {
      for (const member of members) await member.end("SIGTERM");
      await stop(balancer);
      await redis.kill();
      await postgres.end("SIGINT");
    },
  };
}

/** Returns the processes that say that they are the authority. */
async function authorities(members: readonly Member[]): Promise<Member[]> {
  const running = members.filter(({ isRunning }) => isRunning);
  const texts = await Promise.all(running.map((member) => member.metrics()));
  return running.filter((_member, index) => /^sabang_cluster_role\{role="authority"\} 1$/m.test(texts[index] ?? ""));
}
