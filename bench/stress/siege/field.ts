// A server with production settings, its honest walkers (the bench's load and probes), and its attackers.
import { fileURLToPath } from "node:url";
import { LOAD_CORE, start, stop } from "../../harness/children.ts";
import { type Ask, caller } from "../../harness/ipc.ts";
import type { LoadFigures, LoadRequests } from "../../harness/load/main.ts";
import { percentile } from "../../harness/probes/latency.ts";
import type { ProbeRequests } from "../../harness/probes/main.ts";
import { type Server, type ServerOptions, startServer } from "../../harness/server-process.ts";
import type { AttackerRequests } from "./attackers.ts";

/**
 * All clients have one address, so the limits per address are disabled. All other limits have their defaults. Admission
 * control is enabled only in the test of admission, because the load's walkers join all at once.
 */
export const PRODUCTION = {
  MAX_CONNECTIONS_PER_ADDRESS: "0",
  MAX_JOINS_PER_MINUTE: "0",
  MAX_PLAYERS_PER_ROOM: "",
  MAX_MESSAGES_PER_SECOND: "",
  ADMISSION_MAX_DELAY_MS: "0",
};

/** The figures of the walkers over a window. */
export interface WindowFigures {
  /** The latency from a move to the frame that shows it, in milliseconds, over `moves` moves. */
  p50: number;
  p99: number;
  moves: number;
  load: LoadFigures;
  /** Ticks per second: the frames of the client that received the most. Something near it changes in every tick. */
  ticks: number;
}

/** A server, its walkers and its attackers. */
export interface Field {
  server: Server;
  load: Ask<LoadRequests>;
  probes: Ask<ProbeRequests>;
  attackers: Ask<AttackerRequests>;
  /** Measures the walkers for this number of seconds. */
  watch(seconds: number): Promise<WindowFigures>;
  /** Returns the reason for the loss of each lost connection of honest walkers. */
  losses(): Promise<string[]>;
  end(): Promise<void>;
}

/** Milliseconds to wait for the frames that show the last moves of a window. */
const LAST_MOVES_MS = 1000;

const pathTo = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Starts the server and the child processes. `tell` is called with progress messages. */
export async function openField(tell: (what: string) => void, options: ServerOptions = {}): Promise<Field> {
  const server = await startServer("sabang", { ...options, environment: { ...PRODUCTION, ...options.environment } });
  const children = ["../../harness/load/main.ts", "../../harness/probes/main.ts", "attackers.ts"].map((path) =>
    start(LOAD_CORE, process.execPath, [pathTo(path)], { stdio: ["ignore", 2, 2, "ipc"] }),
  );
  const [load, probes, attackers] = children as [(typeof children)[0], (typeof children)[0], (typeof children)[0]];
  const asks = {
    load: caller<LoadRequests>(load, tell),
    probes: caller<ProbeRequests>(probes, tell),
    attackers: caller<AttackerRequests>(attackers, tell),
  };
  return {
    server,
    ...asks,
    watch: async (seconds) => {
      const measuring = Promise.all([asks.load("measure", seconds), asks.probes("measure", seconds)]);
      const [figures] = await Promise.race([measuring, server.died]);
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

/** Full clients among the walkers. Their moves are timed. */
export const TIMED = 20;

/** Makes a number of walkers join and walk. */
export async function populate({ server: { port }, load, probes }: Field, walkers: number): Promise<void> {
  await load("join", { server: "sabang", port, clients: walkers - TIMED });
  await probes("join", { server: "sabang", port, probes: TIMED });
  await Promise.all([load("walk", null), probes("walk", null)]);
}
