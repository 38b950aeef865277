// A program with one player that stays in the game. The player takes a few steps and then stands still. The program
// prints a line of JSON for each change: `{ connection, sessionId, x, y }`, where `connection` counts the joins and
// reconnections.
//
//     node test/e2e/staying-player.ts sdk|guest|plain URL NAME
import { setTimeout as delay } from "node:timers/promises";
import type { Room } from "@colyseus/sdk";
import { backoff } from "../../client/backoff.ts";
import { SabangClient } from "../../client/client.ts";
import { play } from "../../client/play.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { PlainPlayer } from "../support/plain.ts";

const [kind, url, name] = process.argv.slice(2) as [string, string, string];

/** The number of steps still to send. They lead away from the spawn. */
let steps = 6;
let connection = 0;
let printed = "";

/** A plain connection counts as dead if the server sends no frame and no ping for this many milliseconds. */
const MAX_SILENCE_MS = 8000;

function report(sessionId: string, place: { x: number; y: number } | undefined): void {
  if (!place) return;
  const line = JSON.stringify({ connection, sessionId, x: place.x, y: place.y });
  if (line !== printed) console.log(line);
  printed = line;
}

/** Plays as README.md shows. */
function playWithSdk(): Promise<number> {
  const onJoin = (room: Room<unknown, WorldState>) => {
    connection++;
    room.onReconnect(() => connection++);
    room.onStateChange(() => report(room.sessionId, room.state.players?.get(room.sessionId)));
    for (; steps > 0; steps--) room.send("move", "left");
  };
  return play<WorldState>(url, { name }, onJoin, { guest: kind === "guest" });
}

/** Plays on the plain WebSocket, and reconnects as docs/protocol.md describes. */
async function playPlain(): Promise<never> {
  const { token } = await new SabangClient(url).auth.signInAnonymously();
  for (let attempt = 0; ; attempt++) {
    const headers = { authorization: `Bearer ${token}` };
    const player = new PlainPlayer(`${url.replace("http", "ws")}/websocket?name=${name}`, { headers });
    const { socket } = player;
    connection++;
    let timer: NodeJS.Timeout | undefined;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => socket.terminate(), MAX_SILENCE_MS);
    };
    heard();
    socket.on("ping", heard);
    socket.on("message", () => {
      heard();
      attempt = 0;
      for (; steps > 0; steps--) socket.send("left");
      report(player.id, player.players.get(player.id));
    });
    await new Promise((resolve) => socket.on("close", resolve));
    clearTimeout(timer);
    await delay(backoff(attempt, false));
  }
}

await (kind === "plain" ? playPlain() : playWithSdk());
