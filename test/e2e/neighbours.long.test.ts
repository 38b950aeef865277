// Other processes take the cores: ticks are late, but the server has hardly anything to do.
import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { Client, type Room } from "@colyseus/sdk";
import { afterEach, expect, test } from "@jest/globals";
import { PlainPlayer } from "../support/plain.ts";
import { startProcess } from "../support/process.ts";

const JOINS = 20;
const PACE_MS = 100;
/** Milliseconds for which the ticks are late before the first of them. */
const NEIGHBOURS_FIRST_MS = 1000;

const neighbours: ChildProcess[] = [];
afterEach(endNeighbours);

/** Starts a busy loop per core, at least two. They end with the test, or by themselves if it cannot end them. */
function startNeighbours(): void {
  for (let core = 0; core < Math.max(2, availableParallelism()); core++) {
    neighbours.push(
      spawn(process.execPath, ["--eval", "for (const end = Date.now() + 60_000; Date.now() < end; );"], {
        stdio: "ignore",
      }),
    );
  }
}

function endNeighbours(): void {
  for (const child of neighbours.splice(0)) child.kill("SIGKILL");
}

test(`with a busy neighbour on each core and three players in, ${JOINS} of ${JOINS} joins get in`, async () => {
  const server = startProcess({ ADMISSION_MAX_DELAY_MS: "" });
  const url = `http://127.0.0.1:${await server.listening()}`;
  const players = await Promise.all([1, 2, 3].map(() => PlainPlayer.join(url)));
  let steps = 0;
  const walk = setInterval(() => {
    const word = steps++ % 20 < 10 ? "left" : "right";
    for (const { socket } of players) socket.send(word);
  }, 100);
  const joined: Room[] = [];
  const refusals: unknown[] = [];
  try {
    startNeighbours();
    await wait(NEIGHBOURS_FIRST_MS);
    for (let join = 0; join < JOINS; join++) {
      await new Client(url).joinOrCreate("world").then(
        (room) => joined.push(room),
        (error) => refusals.push(error),
      );
      await wait(PACE_MS);
    }
  } finally {
    clearInterval(walk);
    endNeighbours();
    await Promise.all(joined.map((room) => room.leave()));
  }
  expect({ in: joined.length, refusals }).toEqual({ in: JOINS, refusals: [] });
});
