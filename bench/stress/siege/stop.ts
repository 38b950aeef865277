// Sends SIGTERM while 200 players walk. Checks that all players receive a close code and that the server exits in time.
// After a restart, all players must be at their last position.
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { stop as end, LOAD_CORE, start } from "../../harness/children.ts";
import { caller } from "../../harness/ipc.ts";
import { makeFolder, startServer } from "../../harness/server-process.ts";
import { PRODUCTION } from "./field.ts";
import type { PlayerRequests } from "./players.ts";
import type { Verdict } from "./verdicts.ts";

const PLAYERS = 200;
const WALK_MS = 5000;
const MAX_EXIT_MS = 10_000;

/** Milliseconds to wait until the last clients have received their close codes. */
const CLOSE_CODES_MS = 1000;

export async function stop(tell: (what: string) => void): Promise<Verdict[]> {
  const folder = makeFolder();
  const options = { folder, environment: { ...PRODUCTION, JWT_SECRET: randomBytes(32).toString("hex") } };
  const program = fileURLToPath(new URL("players.ts", import.meta.url));
  const child = start(LOAD_CORE, process.execPath, [program], { stdio: ["ignore", 2, 2, "ipc"] });
  const ask = caller<PlayerRequests>(child, tell);
  let server = await startServer("sabang", options);
  const siege = "stop";
  try {
    tell(`${PLAYERS} players sign in and join`);
    await ask("join", { port: server.port, players: PLAYERS });
    await ask("walk", null);
    await wait(WALK_MS);
    tell("SIGTERM");
    const startedAt = performance.now();
    const code = await server.terminate();
    const took = performance.now() - startedAt;
    await ask("halt", null);
    await wait(CLOSE_CODES_MS);
    const before = await ask("states", null);
    const codes = new Map<number | undefined, number>();
    for (const { left } of before) codes.set(left, (codes.get(left) ?? 0) + 1);
    tell("starting a new server on the same data");
    await server.stop();
    server = await startServer("sabang", options);
    const failed = await ask("rejoin", { port: server.port });
    const after = await ask("states", null);
    const moved = after.filter(({ self }, index) => JSON.stringify(self) !== JSON.stringify(before[index]!.self));
    return [
      {
        siege,
        what: `exit after SIGTERM with ${PLAYERS} players walking`,
        goal: `code 0 within ${MAX_EXIT_MS / 1000} s`,
        measured: `code ${code} after ${(took / 1000).toFixed(2)} s`,
        pass: code === 0 && took <= MAX_EXIT_MS,
      },
      {
        siege,
        what: "close codes of the players",
        goal: "a close code of the server or the framework for each",
        measured: [...codes].map(([left, times]) => `${left ?? "none"}: ${times}`).join(", "),
        pass: before.every(({ left }) => left !== undefined && left >= 4000),
      },
      {
        siege,
        what: "players whose position, name or direction differs after the restart",
        goal: "0",
        measured: `${moved.length}${failed.length > 0 ? `; ${failed.length} could not join; the first: ${failed[0]}` : ""}`,
        pass: moved.length === 0 && failed.length === 0,
      },
    ];
  } finally {
    await Promise.all([server.stop(), end(child)]);
  }
}
