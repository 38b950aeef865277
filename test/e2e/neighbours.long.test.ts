// Tests that late ticks alone do not count as overload: other processes use all cores and make the server's ticks late.
import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { Client, type Room } from "@colyseus/sdk";
import { afterEach, expect, test } from "@jest/globals";
import { PlainPlayer } from "../support/plain.ts";
import { startProcess } from "../support/process.ts";

const JOINS = 20;
const JOIN_INTERVAL_MS = 100;
/** Milliseconds for which the ticks are late before the first join. */
const HEAD_START_MS = 1000;

const neighbours: ChildProcess[] = [];
afterEach(endNeighbours);

/** Starts one busy loop per core, at least two. They are killed after the test, or end by themselves after a minute. */
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

test(`all ${JOINS} joins succeed while other processes keep each core busy and three players walk`, async () => {
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
    await wait(HEAD_START_MS);
    for (let join = 0; join < JOINS; join++) {
      await new Client(url).joinOrCreate("world").then(
        (room) => joined.push(room),
        (error) => refusals.push(error),
      );
      await wait(JOIN_INTERVAL_MS);
    }
  } finally {
    clearInterval(walk);
    endNeighbours();
    await Promise.all(joined.map((room) => room.leave()));
  }
  expect({ joined: joined.length, refusals }).toEqual({ joined: JOINS, refusals: [] });
});
