// A server with production settings, its attackers, and its walkers: regular clients that walk randomly. The walkers
// are the load and the probes of the benchmark.
import { fileURLToPath } from "node:url";
import { LOAD_CORE, start, stop } from "../../harness/children.ts";
import { type Ask, caller } from "../../harness/ipc.ts";
import type { LoadFigures, LoadRequests } from "../../harness/load/main.ts";
import { percentile } from "../../harness/probes/latency.ts";
import type { ProbeRequests } from "../../harness/probes/main.ts";
import { type Server, type ServerOptions, startServer } from "../../harness/server-process.ts";
import type { AttackerRequests } from "./attackers.ts";

/**
 * The environment of the server. The limits per address are disabled, because all clients share one IP address.
 * Admission control is disabled, because the load joins in a burst; only the siege `admission` enables it. An empty
 * value selects the default.
 */
export const PRODUCTION = {
  MAX_CONNECTIONS_PER_ADDRESS: "0",
  MAX_JOINS_PER_MINUTE: "0",
  MAX_PLAYERS_PER_ROOM: "",
  MAX_MESSAGES_PER_SECOND: "",
  ADMISSION_MAX_DELAY_MS: "0",
};

/** The measurements of the walkers over a number of seconds. */
export interface WindowFigures {
  /** The latency from a move to the frame that shows it, in milliseconds. `moves` is the number of measured moves. */
  p50: number;
  p99: number;
  moves: number;
  load: LoadFigures;
  /** Ticks per second, estimated as the frames per second of the client that received the most frames. */
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
  /** Returns the reason for each lost connection of a walker. */
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

/** The number of walkers that are full clients, whose latency is measured. */
export const TIMED = 20;

/** Makes a number of walkers join and walk. */
export async function populate({ server: { port }, load, probes }: Field, walkers: number): Promise<void> {
  await load("join", { server: "sabang", port, clients: walkers - TIMED, crowd: "even" });
  await probes("join", { server: "sabang", port, probes: TIMED, crowd: "even" });
  await Promise.all([load("walk", null), probes("walk", null)]);
}
