// A cluster under siege: its processes, the walkers, and the real positions of all players.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { balancerKind } from "../../../cluster/balancer.ts";
import { type LocalCluster, startCluster } from "../../../cluster/local-cluster.ts";
import { LOAD_CORE, start, stop } from "../../../harness/children.ts";
import { type Ask, caller } from "../../../harness/ipc.ts";
import { openMap } from "../../../harness/sabang-map.ts";
import { makeFolder } from "../../../harness/server-process.ts";
import { PRODUCTION } from "../field.ts";
import type { Position } from "./track.ts";
import type { WalkerRequests } from "./walkers.ts";

const MONITOR_PASSWORD = "the siege of a cluster";

/**
 * The minimum distance of a spawn from the edge of the map, in units. Each client stays closer than this to its spawn,
 * so it never reaches the edge.
 */
const EDGE = 160;

/** Milliseconds within which the monitor must answer. */
const MONITOR_TIMEOUT_MS = 3000;

/** A player's real position, as the authority knows it. */
export interface TruePlayer extends Position {
  name: string;
}

/** A cluster and its walkers. */
export interface ClusterField {
  cluster: LocalCluster;
  walkers: Ask<WalkerRequests>;
  /** Returns all players of all rooms, as the monitor shows them. */
  truth(): Promise<TruePlayer[]>;
  end(): Promise<void>;
}

/** Starts a cluster and the child process of the walkers. No client has joined yet. */
export async function openClusterField(tell: (what: string) => void, processes: number): Promise<ClusterField> {
  const folder = makeFolder();
  const maps = join(folder, "maps");
  mkdirSync(maps);
  writeFileSync(join(maps, "plaza.tmj"), openMap("even", { margin: EDGE }));
  const cluster = await startCluster({
    processes,
    balancer: balancerKind(),
    folder,
    environment: { ...PRODUCTION, NODE_ENV: "production", LOG_LEVEL: "warn", MAPS_DIR: maps, MONITOR_PASSWORD },
    onOutput: ({ name }, text) => tell(`${name}: ${text.trimEnd()}`),
  });
  const program = fileURLToPath(new URL("walkers.ts", import.meta.url));
  const child = start(LOAD_CORE, process.execPath, [program], { stdio: ["ignore", 2, 2, "ipc"] });
  return {
    cluster,
    walkers: caller<WalkerRequests>(child, tell),
    truth: () => playersOf(cluster.port),
    end: async () => {
      await stop(child);
      await cluster.stop();
    },
  };
}

async function playersOf(port: number): Promise<TruePlayer[]> {
  const headers = {
    authorization: `Basic ${Buffer.from(`admin:${MONITOR_PASSWORD}`).toString("base64")}`,
    // The monitor refuses requests that may come from a page of another site. The value `none` says that this request
    // does not come from any page.
    "sec-fetch-site": "none",
  };
  const ask = async (path: string) => {
    const signal = AbortSignal.timeout(MONITOR_TIMEOUT_MS);
    const answer = await fetch(`http://127.0.0.1:${port}/monitor/api${path}`, { headers, signal });
    if (!answer.ok) throw new Error(`the monitor answered with ${answer.status}`);
    return answer.json();
  };
  const { rooms } = (await ask("")) as { rooms: { roomId: string }[] };
  const states = await Promise.all(rooms.map(({ roomId }) => ask(`/room?roomId=${encodeURIComponent(roomId)}`)));
  return states.flatMap(({ state }) => Object.values((state as { players: Record<string, TruePlayer> }).players));
}
