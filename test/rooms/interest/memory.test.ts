// Tests the memory that interest management keeps for each player.
import { setImmediate as yieldToNode } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import { Crowd } from "../../support/crowd.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** The maximum number of garbage collections until all unused buffers count as released. */
const COLLECTIONS = 20;

/** Returns the bytes of all buffers that are in use, and of unused ones that Node still counts. */
async function bufferBytes(): Promise<number> {
  collectGarbage();
  await yieldToNode();
  return process.memoryUsage().arrayBuffers;
}

test("the buffers of 600 players that join one after the other take less than 2 kB for each player", async () => {
  const players = 600;
  const crowd = new Crowd(640, 640, true);
  const before = Math.min(await bufferBytes(), await bufferBytes(), await bufferBytes());
  for (let i = 0; i < players; i++) {
    const id = crowd.newId();
    crowd.put(id, { name: `player ${i}`, x: 320, y: 320, facing: 4 });
    // The full state takes a buffer from Node's pool. A short copy in the same pool would keep the whole pool in memory.
    crowd.fullState();
    crowd.tick();
  }
  const limit = before + players * 2000;
  let after = await bufferBytes();
  for (let i = 1; i < COLLECTIONS && after >= limit; i++) after = await bufferBytes();
  expect(after).toBeLessThan(limit);
  expect(crowd.state.players.size).toBe(players);
});
