// `npm run siege -- --cluster`: kills and pauses the processes of a cluster while clients walk, and checks that each
// client goes on playing.
import { setTimeout as wait } from "node:timers/promises";
import { percentile } from "../../../harness/probes/latency.ts";
import { waitFor } from "../../../harness/wait-for.ts";
import type { Verdict } from "../verdicts.ts";
import { type ClusterField, openClusterField, type TruePlayer } from "./field.ts";
import { attack, GOALS, ROUND_KINDS, type Round, type RoundKind, roundsOf } from "./rounds.ts";
import type { ClientRound, OwnPlayer } from "./walkers.ts";

/** The options of the siege of a cluster. */
export interface ClusterSiege {
  processes: number;
  players: number;
  /** The number of rounds of each kind of attack on a process. */
  rounds: number;
  kinds: readonly RoundKind[];
}

/** Milliseconds of walking before the first round. The SDK reconnects only if the join was at least 5 s ago. */
const WARM_UP_MS = 7000;

/** Timeout for all clients to play again after an attack, in milliseconds. */
const BACK_TIMEOUT_MS = 20_000;

/**
 * Timeout in milliseconds. Within this time, the last inputs of all clients must arrive, and the server must remove the
 * bodies of clients whose plain WebSocket was lost.
 */
const CALM_TIMEOUT_MS = 10_000;

/** The measurements of one round. */
interface RoundResult {
  round: Round;
  clients: ClientRound[];
  /** Clients without a body on the server, clients with several bodies, and bodies that belong to no client. */
  missing: string[];
  doubled: string[];
  strangers: string[];
  /** Clients whose own position differs from their position in the authority's state after all clients have stopped. */
  drifted: string[];
  error?: string;
}

/** Starts a cluster, attacks it in rounds, and returns the verdicts. */
export async function besiegeCluster(tell: (what: string) => void, options: ClusterSiege): Promise<Verdict[]> {
  const field = await openClusterField(tell, options.processes);
  const results: RoundResult[] = [];
  try {
    tell(`${options.players} clients join`);
    await field.walkers("join", { port: field.cluster.port, players: options.players });
    await field.walkers("walk", null);
    await wait(WARM_UP_MS);
    const rounds = roundsOf(options.rounds, options.kinds);
    for (const [index, round] of rounds.entries()) {
      const result = await runRound(field, round, options.players);
      results.push(result);
      tell(`round ${index + 1} of ${rounds.length}, ${summaryOf(result)}`);
      if (result.error !== undefined) break;
    }
    return verdictsOf(results);
  } finally {
    await field.end();
  }
}

async function runRound(field: ClusterField, round: Round, players: number): Promise<RoundResult> {
  const { cluster, walkers } = field;
  let error: string | undefined;
  try {
    await walkers("spread", null);
    await walkers("begin", null);
    await attack(cluster, round);
    await waitFor("all clients play again", async () => allPlay(await walkers("round", null)), BACK_TIMEOUT_MS);
  } catch (cause) {
    error = (cause as Error).message;
  }
  const clients = await walkers("round", null);
  await walkers("halt", null);
  let own: OwnPlayer[] = [];
  let truth: TruePlayer[] = [];
  const isCalm = async () => {
    own = await walkers("players", null);
    truth = await field.truth().catch(() => []);
    return truth.length === players && driftedOf(own, truth).length === 0 && own.every(({ pending }) => pending === 0);
  };
  await waitFor("calm", isCalm, CALM_TIMEOUT_MS).catch(() => {});
  await walkers("walk", null);
  const names = new Set(own.map(({ name }) => name));
  const bodies = Map.groupBy(truth, ({ name }) => name);
  return {
    round,
    clients,
    missing: [...names].filter((name) => !bodies.has(name)),
    doubled: [...bodies].flatMap(([name, { length }]) => (length > 1 ? [`${name}: ${length}`] : [])),
    strangers: [...bodies.keys()].filter((name) => !names.has(name)),
    drifted: driftedOf(own, truth),
    ...(error === undefined ? {} : { error }),
  };
}

function allPlay(clients: readonly ClientRound[]): boolean {
  return clients.every(({ isPlaying, lost }) => isPlaying || lost !== undefined);
}

/** Returns the clients whose own position differs from their position in the authority's state. */
function driftedOf(own: readonly OwnPlayer[], truth: readonly TruePlayer[]): string[] {
  const real = new Map(truth.map((player) => [player.name, player]));
  return own.flatMap(({ name, position }) => {
    const body = real.get(name);
    if (!body || !position || (body.x === position.x && body.y === position.y)) return [];
    return [`${name} is at ${body.x},${body.y} and sees itself at ${position.x},${position.y}`];
  });
}

/** Returns how long a client stood still in a round, minus the pause of the authority, if the round has one. */
function stillMsOf({ round: { pauseMs = 0 } }: RoundResult, { stillMs }: ClientRound): number {
  return Math.max(0, stillMs - pauseMs);
}

function stillText(times: readonly number[]): string {
  if (times.length === 0) return "none";
  const [p50, p99, max] = [percentile(times, 0.5), percentile(times, 0.99), Math.max(...times)];
  return `p50 ${p50.toFixed(0)}, p99 ${p99.toFixed(0)}, max ${max.toFixed(0)} ms`;
}

function timesOf(results: readonly RoundResult[], wasMoved: boolean): number[] {
  return results.flatMap((result) =>
    result.clients.filter((client) => client.wasMoved === wasMoved).map((client) => stillMsOf(result, client)),
  );
}

function summaryOf(result: RoundResult): string {
  const { round, clients, missing, doubled, strangers, drifted, error } = result;
  const lost = clients.filter((client) => client.lost !== undefined);
  const faults = clients.flatMap(({ name, faults }) => faults.map((fault) => `${name} ${fault}`));
  const [stayed, moved] = [timesOf([result], false), timesOf([result], true)];
  const texts = [
    `${GOALS[round.kind].what}${round.pauseMs === undefined ? "" : ` for ${(round.pauseMs / 1000).toFixed(1)} s`}`,
    `${stayed.length} stayed (${stillText(stayed)})`,
    `${moved.length} moved (${stillText(moved)})`,
    ...lists({ lost: lost.map(({ name, lost }) => `${name} ${lost}`), missing, doubled, strangers, drifted, faults }),
    ...(error === undefined ? [] : [`ERROR ${error}`]),
  ];
  return texts.join("; ");
}

/** Describes each list that is not empty by its length and its first item. */
function lists(named: Record<string, readonly string[]>): string[] {
  return Object.entries(named).flatMap(([name, list]) =>
    list.length === 0 ? [] : [`${name}: ${list.length} (${list[0]})`],
  );
}

/** Returns the verdicts on each kind of round, and the verdicts on errors that must never happen. */
function verdictsOf(results: readonly RoundResult[]): Verdict[] {
  const siege = "cluster";
  const never = (what: string, list: readonly string[]): Verdict => ({
    siege,
    what: `${what}, in ${results.length} rounds`,
    goal: "0",
    measured: list.length === 0 ? "0" : `${list.length}; the first: ${list[0]}`,
    pass: list.length === 0,
  });
  const clients = results.flatMap((result) => result.clients);
  const texts = (pick: (result: RoundResult) => readonly string[]) => results.flatMap(pick);
  return [
    ...ROUND_KINDS.flatMap((kind) =>
      verdictsOfKind(
        siege,
        kind,
        results.filter(({ round }) => round.kind === kind),
      ),
    ),
    never(
      "ended sessions of SDK clients",
      clients.flatMap(({ name, lost }) => (lost === undefined ? [] : `${name} ${lost}`)),
    ),
    never(
      "clients that do not play",
      texts(({ clients }) =>
        clients.filter(({ isPlaying, lost }) => !isPlaying && lost === undefined).map(({ name }) => name),
      ),
    ),
    never(
      "players without a body",
      texts(({ missing }) => missing),
    ),
    never(
      "players with two bodies",
      texts(({ doubled }) => doubled),
    ),
    never(
      "bodies of no player",
      texts(({ strangers }) => strangers),
    ),
    never(
      "movements that the client's inputs do not allow",
      clients.flatMap(({ name, faults }) => faults.map((fault) => `${name} ${fault}`)),
    ),
    never(
      "clients whose position differs from the authority's after the round",
      texts(({ drifted }) => drifted),
    ),
    never(
      "rounds that did not complete",
      texts(({ error, round }) => (error === undefined ? [] : [`${round.kind}: ${error}`])),
    ),
  ];
}

function verdictsOfKind(siege: string, kind: RoundKind, results: readonly RoundResult[]): Verdict[] {
  if (results.length === 0) return [];
  const { what, stayedMs, movedMs, mayMove } = GOALS[kind];
  const row = (who: string, times: readonly number[], goalMs: number | undefined): Verdict => ({
    siege,
    what: `${what}, ${results.length} x: stillness of clients ${who}`,
    goal: goalMs === undefined ? "none" : `p99 at most ${goalMs} ms`,
    measured: `${times.length} clients: ${stillText(times)}`,
    pass: goalMs === undefined ? times.length === 0 : times.length === 0 || percentile(times, 0.99) <= goalMs,
  });
  const moved = timesOf(results, true);
  return [
    row("whose connection lasted", timesOf(results, false), stayedMs),
    ...(mayMove || moved.length > 0 ? [row("whose connection was closed", moved, movedMs)] : []),
  ];
}
