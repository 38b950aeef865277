// Measures how long each kind of client takes to come back to its own session or place, after each kind of disturbance.
// All clients play behind Caddy and a relay that simulates their network. The table is in docs/operating.md.
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { hook, startBrowser } from "../support/browser.ts";
import { startExample } from "../support/example.ts";
import { type LaggyNetwork, laggyNetwork } from "../support/lag.ts";
import { dataFolder, type ServerProcess, startProcess } from "../support/process.ts";
import { type RunningProxy, startProxy } from "../support/proxies.ts";
import { pythonWith } from "../support/requirements.ts";
import { describeWith } from "../support/requiring.ts";
import { until } from "../support/until.ts";

const { open, test } = startBrowser();

/** Milliseconds within which a client must be back after its network, proxy or server is available again. */
const BACK_LIMIT_MS = 10_000;

/** A client's data about itself. `connection` changes when the client is back. */
interface Self {
  connection: unknown;
  sessionId: string;
  x: number;
  y: number;
}

interface Player {
  /** Returns what the client knows about itself; undefined while it is not in a room. */
  self(): Promise<Self | undefined>;
  /** The processes of the client. */
  pids(): Promise<number[]>;
}

/** Starts a program that prints a line for each change. `read` returns what a line says about the player. */
function program(authority: string, command: string[], read: (line: string) => Self): Player {
  const trust = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"].map((name) => `${name}=${authority}`);
  const { pid, stdout } = startExample("env", ...trust, ...command);
  return {
    self: async () => {
      // Skips the lines that the SDK itself prints.
      const lines = stdout().split("\n").slice(0, -1);
      const line = lines.findLast((line) => line.startsWith("{"));
      return line ? read(line) : undefined;
    },
    pids: async () => [pid],
  };
}

const staying = (kind: string) => (url: string, authority: string) =>
  program(authority, [process.execPath, "test/e2e/staying-player.ts", kind, url, kind], (line) => JSON.parse(line));

function python(url: string, authority: string): Player {
  const words = Array<string>(6).fill("left");
  const command = [pythonWith("websockets") ?? "python3", "examples/python/room_client.py", url, "Monty", ...words];
  return program(authority, command, (line) => {
    const { players } = JSON.parse(line) as { players: Record<string, { name: string; x: number; y: number }> };
    const [sessionId, { x, y }] = Object.entries(players).find(([, { name }]) => name === "Monty")!;
    return { connection: sessionId, sessionId, x, y };
  });
}

async function page(url: string): Promise<Player> {
  const page = await open(url, { ignoreHTTPSErrors: true });
  for (let steps = 0; steps < 6; steps++) await page.keyboard.press("ArrowLeft", { delay: 50 });
  return {
    self: async () => {
      const { connected, reconnects, sessionId, server } = await hook(page);
      return connected && sessionId && server ? { connection: reconnects, sessionId, ...server } : undefined;
    },
    pids: () => processesOf(page),
  };
}

/** Returns the processes of a page's browser. */
async function processesOf(page: Page): Promise<number[]> {
  const session = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  return processInfo.map(({ id }) => id);
}

/**
 * The kinds of clients. A client with `session` must reconnect to its session. A client with `place` must join again,
 * as the same player in the same place.
 */
const KINDS: Record<
  string,
  { start(url: string, authority: string): Player | Promise<Player>; back: "session" | "place" }
> = {
  page: { start: page, back: "session" },
  "SDK, guest": { start: staying("guest"), back: "session" },
  "SDK, with a token": { start: staying("sdk"), back: "session" },
  "plain WebSocket, with a token": { start: staying("plain"), back: "place" },
  "Python, with a token": { start: python, back: "place" },
};

/** The clients, and everything that a disturbance can change. */
interface Scene {
  players: Player[];
  network: LaggyNetwork;
  proxy: RunningProxy;
  restart(): Promise<void>;
}

/** The disturbances. Each `disturb` resolves when the clients can reach the server again. */
const DISTURBANCES: Record<string, { disturb(scene: Scene): unknown; endsSessions?: boolean }> = {
  "0.3 s of silence": {
    disturb: async ({ network }) => {
      network.goAway();
      await delay(300);
      network.restore();
      // The clients notice that their connections are lost. The server does not.
      network.cutNearEnd();
    },
  },
  "12 s of silence": {
    disturb: async ({ network }) => {
      network.goAway();
      await delay(12_000);
      network.restore();
    },
  },
  "changed network": { disturb: ({ network }) => network.change() },
  "proxy reload": { disturb: ({ proxy }) => proxy.reload() },
  "server restart": { disturb: ({ restart }) => restart(), endsSessions: true },
  "60 s of suspension": {
    disturb: async ({ players }) => {
      const pids = (await Promise.all(players.map((player) => player.pids()))).flat();
      for (const pid of pids) process.kill(pid, "SIGSTOP");
      await delay(60_000);
      for (const pid of pids) process.kill(pid, "SIGCONT");
    },
    endsSessions: true,
  },
};

let network: LaggyNetwork | undefined;
afterEach(() => network?.close());

/** Waits until a player stands still, and returns what it knows about itself. */
async function standing(player: Player): Promise<Self> {
  for (;;) {
    const before = await until(() => player.self(), 60_000);
    await delay(500);
    const after = await player.self();
    if (after && JSON.stringify(after) === JSON.stringify(before)) return after;
  }
}

/** Prints a table with a row for each kind of client. */
function print(seconds: Record<string, string[]>): void {
  const rows = [["", ...Object.keys(DISTURBANCES)], Array(1 + Object.keys(DISTURBANCES).length).fill("---")];
  for (const [kind, cells] of Object.entries(seconds)) rows.push([kind, ...cells]);
  process.stderr.write(`${rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`);
}

describeWith("caddy", "behind Caddy", () => {
  describeWith("websockets", "with clients in TypeScript and Python", () => {
    test("every client rejoins at its old position after each disturbance, except guests whose session has ended", async () => {
      const environment = { DATA_DIR: dataFolder(), TRUST_PROXY: "loopback", LOG_LEVEL: "fatal" };
      let server: ServerProcess = startProcess(environment);
      const port = await server.listening();
      const proxy = await startProxy("caddy", port);
      network = await laggyNetwork(proxy.port, 1);
      const restart = async () => {
        server.signal("SIGTERM");
        await server.ended();
        server = startProcess({ ...environment, PORT: String(port) });
        await server.listening();
      };
      const url = network.url.replace("http://127.0.0.1", "https://localhost");
      const kinds = Object.entries(KINDS);
      const players = await Promise.all(kinds.map(([, { start }]) => start(url, proxy.authority)));
      const seconds: Record<string, string[]> = Object.fromEntries(kinds.map(([kind]) => [kind, []]));

      for (const [disturbance, { disturb, endsSessions = false }] of Object.entries(DISTURBANCES)) {
        const before = await Promise.all(players.map(standing));
        await disturb({ players, network, proxy, restart });
        const wellAt = performance.now();
        await Promise.all(
          kinds.map(async ([kind, { back }], i) => {
            const where = `${kind}, ${disturbance}`;
            const old = before[i]!;
            const self = await until(async () => {
              const self = await players[i]!.self();
              return self?.connection !== old.connection && self;
            }, BACK_LIMIT_MS).catch((error) => {
              throw new Error(`${where}: ${error.message}`);
            });
            const passed = (performance.now() - wellAt) / 1000;
            const isSameSession = self.sessionId === old.sessionId;
            expect({ where, isSameSession }).toEqual({ where, isSameSession: back === "session" && !endsSessions });
            // A guest is a new player after its session has ended.
            const isNewPlayer = kind.endsWith("guest") && endsSessions;
            if (!isNewPlayer) expect({ where, x: self.x, y: self.y }).toEqual({ where, x: old.x, y: old.y });
            seconds[kind]!.push(isNewPlayer ? "new player" : passed.toFixed(1));
          }),
        );
      }
      print(seconds);
    }, 240_000);
  });
});
