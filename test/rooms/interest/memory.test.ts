// Tests the memory that interest management keeps for each player.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import { Crowd } from "../../support/crowd.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Returns the bytes of all buffers that are still in use. */
function bufferBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

test("the buffers of 600 players that join one after the other take less than 2 kB for each player", () => {
  const players = 600;
  const crowd = new Crowd(640, 640, true);
  const before = bufferBytes();
  for (let i = 0; i < players; i++) {
    const id = crowd.newId();
    crowd.put(id, { name: `player ${i}`, x: 320, y: 320, facing: 4 });
    // The full state takes a buffer from Node's pool. A short copy in the same pool would keep the whole pool in memory.
    crowd.fullState();
    crowd.tick();
  }
  expect(bufferBytes() - before).toBeLessThan(players * 2000);
  expect(crowd.state.players.size).toBe(players);
});
