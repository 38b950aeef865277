// Plays through a proxy that reloads its configuration. This is a separate program, because Node reads extra trusted
// certificates only when a process starts. The argument is the proxy's URL. Prints `playing`, waits for a line on
// standard input, then takes a step with an SDK player and with a plain player. Prints as JSON how the players'
// connections were closed.
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "@colyseus/sdk";
import type { WorldState } from "../../schema/world-state.ts";
import { PlainPlayer } from "../support/plain.ts";
import { until } from "../support/until.ts";

/** Milliseconds after a reload within which the proxy closes the connections that it does not keep. */
const SETTLING_MS = 3000;

const url = process.argv[2]!;
const room = await new Client(url).joinOrCreate<WorldState>("world");
Object.assign(room.reconnection, { minUptime: 0, minDelay: 100 });
const { sessionId } = room;
await until(() => room.state.players?.has(sessionId));
const plain = await PlainPlayer.join(url);
const closes: number[] = [];
room.onDrop((code) => closes.push(code));
let left: number | undefined;
room.onLeave((code) => {
  left = code;
});

console.log("playing");
await once(process.stdin, "data");
await delay(SETTLING_MS);
if (left === undefined) {
  room.send("move", "left");
  await until(() => room.state.players.get(sessionId)?.facing === 1);
}
if (!plain.closed) {
  plain.socket.send("right");
  await until(() => room.state.players.get(plain.id)?.facing === 2);
}
console.log(JSON.stringify({ sdk: { closes, left }, plain: plain.closed?.code }));
process.exit(0);
