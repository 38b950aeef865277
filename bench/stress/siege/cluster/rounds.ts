// The rounds of the siege of a cluster: what each round does to the cluster, and how long a client may stand still.
import { setTimeout as wait } from "node:timers/promises";
import type { LocalCluster } from "../../../cluster/local-cluster.ts";
import type { Member } from "../../../cluster/member.ts";
import { waitFor } from "../../../harness/wait-for.ts";

/** The kinds of rounds. */
export const ROUND_KINDS = ["authority", "replica", "pause", "handover", "redis", "cut", "replace"] as const;
export type RoundKind = (typeof ROUND_KINDS)[number];

/** One round. */
export interface Round {
  kind: RoundKind;
  /** For `pause`: the length of the pause in milliseconds. */
  pauseMs?: number;
}

/** Milliseconds between the kill of Redis and its restart. */
const REDIS_AWAY_MS = 3000;

/** Milliseconds for clients to come back after an attack. A killed server process is restarted after this time. */
const AFTER_MS = 6000;

/** The shortest and the longest pause of an authority, in milliseconds. */
const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 12_000;

/** Milliseconds within which a process must accept players after a restart or a pause. */
const READY_TIMEOUT_MS = 30_000;

/** Milliseconds between the replacements of two processes. */
const REPLACE_MS = 2000;

/** Describes a kind of round, with its goals in milliseconds. `undefined` means no goal. */
export interface Goals {
  what: string;
  /** The maximum p99 of the stillness, for clients whose connection was not closed. */
  stayedMs: number | undefined;
  /** The maximum p99 of the stillness, for clients whose connection was closed. */
  movedMs: number | undefined;
  /** Whether connections may be closed. */
  mayMove: boolean;
}

export const GOALS: Readonly<Record<RoundKind, Goals>> = {
  authority: { what: "the authority is killed", stayedMs: 2000, movedMs: 3000, mayMove: true },
  replica: { what: "another process is killed", stayedMs: 500, movedMs: 3000, mayMove: true },
  // The pause itself is subtracted from the time that a client stood still.
  pause: { what: "the authority is paused", stayedMs: 3000, movedMs: 3000, mayMove: true },
  handover: { what: "the authority is replaced", stayedMs: 500, movedMs: 1500, mayMove: true },
  redis: {
    what: `Redis is killed, and empty after ${REDIS_AWAY_MS / 1000} s`,
    stayedMs: REDIS_AWAY_MS + 3000,
    movedMs: undefined,
    mayMove: false,
  },
  cut: { what: "all connections to Redis are cut", stayedMs: 1500, movedMs: undefined, mayMove: false },
  replace: { what: "all processes are replaced, one after the other", stayedMs: 500, movedMs: 1500, mayMove: true },
};

/**
 * Returns the rounds of a siege. The first rounds attack a single process: `authority`, `replica` and `pause` take
 * turns until each has had `count` rounds. Then one round of each other kind follows.
 * @param kinds the kinds to include.
 */
export function roundsOf(count: number, kinds: readonly RoundKind[]): Round[] {
  const rounds: Round[] = [];
  for (let index = 0; index < count; index++) {
    for (const kind of ["authority", "replica", "pause"] as const) {
      // The pauses are evenly spread from the shortest to the longest.
      const share = count === 1 ? 0.25 : index / (count - 1);
      const pauseMs = Math.round(MIN_PAUSE_MS + share * (MAX_PAUSE_MS - MIN_PAUSE_MS));
      rounds.push(kind === "pause" ? { kind, pauseMs } : { kind });
    }
  }
  for (const kind of ["handover", "redis", "cut", "replace"] as const) rounds.push({ kind });
  return rounds.filter(({ kind }) => kinds.includes(kind));
}

/** Attacks a cluster as a round says, and waits until the attacked processes are back. */
export async function attack(cluster: LocalCluster, { kind, pauseMs = 0 }: Round): Promise<void> {
  const authority = await cluster.untilAuthority();
  switch (kind) {
    case "authority":
      await kill(authority);
      break;
    case "replica":
      await kill(cluster.members.find((member) => member !== authority)!);
      break;
    case "pause":
      authority.signal("SIGSTOP");
      await wait(pauseMs);
      authority.signal("SIGCONT");
      await wait(AFTER_MS);
      await ready(authority);
      break;
    case "redis":
      await cluster.redis.kill();
      await wait(REDIS_AWAY_MS);
      await cluster.redis.start();
      await wait(AFTER_MS);
      break;
    case "cut":
      await cluster.redis.command("CLIENT KILL TYPE pubsub");
      await cluster.redis.command("CLIENT KILL TYPE normal");
      await wait(AFTER_MS);
      break;
    case "handover":
      await replace(authority);
      break;
    case "replace":
      for (const member of cluster.members) {
        await replace(member);
        await wait(REPLACE_MS);
      }
  }
  await cluster.untilAuthority();
}

/** Kills a process, lets the others go on without it for some time, and starts it again. */
async function kill(member: Member): Promise<void> {
  await member.end("SIGKILL");
  await wait(AFTER_MS);
  await member.start();
  await ready(member);
}

/** Ends a process as a deployment does, and starts it again. */
async function replace(member: Member): Promise<void> {
  const code = await member.end("SIGTERM");
  if (code !== 0) throw new Error(`${member.name} ended with code ${code}:\n${member.output}`);
  await member.start();
  await ready(member);
}

/** Resolves when a process accepts players. */
async function ready(member: Member): Promise<void> {
  const isReady = () =>
    fetch(`http://127.0.0.1:${member.port}/readyz`, { signal: AbortSignal.timeout(1000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitFor(`${member.name} is ready`, isReady, READY_TIMEOUT_MS);
}
