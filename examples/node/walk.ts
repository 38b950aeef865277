// A player over the SDK with client prediction. It reconnects or rejoins after any lost connection.
//
//     npx node examples/node/walk.ts [http://host:port] [steps]
//
// Without `steps` it walks in squares until Ctrl-C.
import { Client, type Room } from "@colyseus/sdk";
import type { MoveInput } from "../../schema/move-input.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { type Direction, DOWN, LEFT, RIGHT, UP } from "../../sim/directions.ts";
import { readMap } from "../../sim/map.ts";
import { TICK_MS } from "../../sim/rules.ts";
import { step } from "../../sim/step.ts";

const [server = "http://localhost:2567", steps = "Infinity"] = process.argv.slice(2);
const DIRECTIONS: Direction[] = [RIGHT, DOWN, LEFT, UP];
const SQUARE = DIRECTIONS.flatMap((direction) => Array<Direction>(12).fill(direction));
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
let stepsTaken = 0;

/** Walks in a room until the session has ended. Resolves with the close code. */
async function play(room: Room<unknown, WorldState>): Promise<number> {
  const left = new Promise<number>((resolve) => room.onLeave(resolve));
  room.onDrop(() => console.log("connection lost; reconnecting"));
  room.onReconnect(() => console.log("reconnected"));
  room.onError((code, message) => console.log("error", code, message));
  // By default the SDK does not reconnect if the connection is lost in its first seconds.
  room.reconnection.minUptime = 0;
  await new Promise((resolve) => room.onStateChange.once(resolve));

  const walls = readMap(room.state.map, await (await fetch(`${server}/maps/${room.state.map}.tmj`)).json());
  const input = room.input<MoveInput>();
  const serverPlayer = () => room.state.players.get(room.sessionId)!;
  const { x, y, facing } = serverPlayer();
  const self = { x, y, facing };
  /** The steps that were sent and not acknowledged yet, oldest first. */
  const pending: Direction[] = [];
  const position = () => `${self.x}, ${self.y}; server: ${serverPlayer().x}, ${serverPlayer().y}`;
  console.log(`joined as ${room.sessionId} at ${position()}`);

  // Reconciliation: starts at the server's position and repeats the steps that the server has not applied yet.
  room.onStateChange(() => {
    pending.splice(0, pending.length - input.pendingCount);
    const { x, y, facing } = serverPlayer();
    Object.assign(self, { x, y, facing });
    for (const direction of pending) step(self, direction, walls);
  });

  // Prediction: takes the same step as the server, but at once.
  const walk = (direction: Direction) => {
    input.data.direction = direction;
    if (input.send() === 0) return; // not connected
    pending.push(direction);
    step(self, direction, walls);
    if (++stepsTaken % 10 === 0) console.log(`at ${position()}, ${pending.length} pending`);
  };

  let roundTrip = 0;
  const pings = setInterval(() => room.ping((ms) => (roundTrip = ms)), 1000);
  const ticks = setInterval(() => {
    // Steps queued on the server add a permanent delay. Skips a step if more are pending than the round trip explains.
    if (input.pendingCount * TICK_MS > roundTrip + 2 * TICK_MS) return;
    if (stepsTaken < Number(steps)) walk(SQUARE[stepsTaken % SQUARE.length]!);
    else if (pending.length === 0) {
      clearInterval(ticks);
      console.log(`stopped at ${position()}`);
      void room.leave();
    }
  }, TICK_MS);
  const code = await left;
  clearInterval(ticks);
  clearInterval(pings);
  return code;
}

const client = new Client(server);
await client.auth.signInAnonymously(); // a signed-in player returns to its last position
for (let attempt = 0; ; attempt++) {
  try {
    const code = await play(await client.joinOrCreate<WorldState>("world", { name: "Nora" }));
    console.log("left with", code);
    // 4000: we left. 4312: another client took over. After any other code, such as that of a restart, join again.
    if (code === 4000 || code === 4312) break;
    attempt = 0;
  } catch (error) {
    console.log("join failed:", error instanceof Error ? error.message : error);
  }
  await wait(Math.min(8000, 500 * 2 ** attempt) * (0.75 + Math.random() / 4));
}
