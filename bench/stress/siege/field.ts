// A server with honest walkers on it: the bench's own load and probes, against the settings that a production server has.
import { fileURLToPath } from "node:url";
import { LOAD_CORE, start, stop } from "../../harness/children.ts";
import { type Ask, caller } from "../../harness/ipc.ts";
import type { LoadFigures, LoadRequests } from "../../harness/load/main.ts";
import { percentile } from "../../harness/probes/latency.ts";
import type { ProbeRequests } from "../../harness/probes/main.ts";
import { type Server, type ServerOptions, startServer } from "../../harness/server-process.ts";
import type { AttackerOrders } from "./attackers.ts";

/**
 * Everybody comes from one machine, so there can be no limits per address; all other limits are as they come. Joins are
 * refused in the siege that is about it alone: a crowd that comes at once is the load's way, and not what is tried.
 */
export const PRODUCTION = {
  MAX_CONNECTIONS_PER_ADDRESS: "0",
  MAX_JOINS_PER_MINUTE: "0",
  MAX_PLAYERS_PER_ROOM: "",
  MAX_MESSAGES_PER_SECOND: "",
  ADMISSION_MAX_DELAY_MS: "0",
};

/** What the walkers saw in a window. */
export interface Seen {
  /** From a move to the frame that shows it, in milliseconds, and of how many moves. */
  p50: number;
  p99: number;
  moves: number;
  load: LoadFigures;
  /** Ticks a second, as the client saw them that saw the most: in each there was something new for it. */
  ticks: number;
}

/** A server and who is on it. */
export interface Field {
  server: Server;
  load: Ask<LoadRequests>;
  probes: Ask<ProbeRequests>;
  attackers: Ask<AttackerOrders>;
  /** Watches for a number of seconds. */
  watch(seconds: number): Promise<Seen>;
  /** Connections of honest walkers that were lost, in sentences. */
  losses(): Promise<string[]>;
  end(): Promise<void>;
}

/** Milliseconds in which the last moves of a window are seen. */
const LAST_MOVES_MS = 1000;

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Starts them all. `tell` hears what is being done. */
export async function openField(tell: (what: string) => void, options: ServerOptions = {}): Promise<Field> {
  const server = await startServer("sabang", { ...options, environment: { ...PRODUCTION, ...options.environment } });
  const children = ["../../harness/load/main.ts", "../../harness/probes/main.ts", "attackers.ts"].map((path) =>
    start(LOAD_CORE, process.execPath, [here(path)], { stdio: ["ignore", 2, 2, "ipc"] }),
  );
  const [load, probes, attackers] = children as [(typeof children)[0], (typeof children)[0], (typeof children)[0]];
  const asks = {
    load: caller<LoadRequests>(load, tell),
    probes: caller<ProbeRequests>(probes, tell),
    attackers: caller<AttackerOrders>(attackers, tell),
  };
  return {
    server,
    ...asks,
    watch: async (seconds) => {
      const watching = Promise.all([asks.load("measure", seconds), asks.probes("measure", seconds)]);
      const [figures] = await Promise.race([watching, server.died]);
      await new Promise((resolve) => setTimeout(resolve, LAST_MOVES_MS));
      const { latencies } = await asks.probes("sampled", null);
      return {
        p50: percentile(latencies, 0.5),
        p99: percentile(latencies, 0.99),
        moves: latencies.length,
        load: figures,
        ticks: figures.mostStates / figures.seconds,
      };
    },
    losses: async () => [...(await asks.load("losses", null)), ...(await asks.probes("losses", null))],
    end: async () => {
      await Promise.all([server.stop(), ...children.map(stop)]);
    },
  };
}

/** Full clients among the walkers, whose moves are timed. */
export const TIMED = 20;

/** Lets a number of walkers in, and walk. */
export async function populate({ server: { port }, load, probes }: Field, walkers: number): Promise<void> {
  await load("join", { server: "sabang", port, clients: walkers - TIMED });
  await probes("join", { server: "sabang", port, probes: TIMED });
  await Promise.all([load("walk", null), probes("walk", null)]);
}
