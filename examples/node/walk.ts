// A player over the SDK that moves before the server has answered, and comes back however it was lost.
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
let taken = 0;

/** Walks in a room until the connection is gone for good. Resolves with its close code. */
async function play(room: Room<unknown, WorldState>): Promise<number> {
  const left = new Promise<number>((resolve) => room.onLeave(resolve));
  room.onDrop(() => console.log("dropped, the place is kept"));
  room.onReconnect(() => console.log("back"));
  room.onError((code, sentence) => console.log("error", code, sentence));
  // The SDK would not come back after a connection that broke in its first seconds.
  room.reconnection.minUptime = 0;
  await new Promise((resolve) => room.onStateChange.once(resolve));

  const walls = readMap(room.state.map, await (await fetch(`${server}/maps/${room.state.map}.tmj`)).json());
  const input = room.input<MoveInput>();
  const confirmed = () => room.state.players.get(room.sessionId)!;
  const { x, y, facing } = confirmed();
  const self = { x, y, facing };
  /** The steps that were sent and have not been acknowledged, oldest first. */
  const pending: Direction[] = [];
  const place = () => `${self.x}, ${self.y}; the server says ${confirmed().x}, ${confirmed().y}`;
  console.log(`joined as ${room.sessionId} at ${place()}`);

  // Reconciliation: from where the server has us, take those steps again that it has not taken yet.
  room.onStateChange(() => {
    pending.splice(0, pending.length - input.pendingCount);
    const { x, y, facing } = confirmed();
    Object.assign(self, { x, y, facing });
    for (const direction of pending) step(self, direction, walls);
  });

  // Prediction: the server's own step, taken here at once.
  const walk = (direction: Direction) => {
    input.data.direction = direction;
    if (input.send() === 0) return; // not connected
    pending.push(direction);
    step(self, direction, walls);
    if (++taken % 10 === 0) console.log(`at ${place()}, ${pending.length} on the way`);
  };

  let roundTrip = 0;
  const pings = setInterval(() => room.ping((ms) => (roundTrip = ms)), 1000);
  const ticks = setInterval(() => {
    // What waits at the server waits for good: with more on the way than the way explains, leave one out.
    if (input.pendingCount * TICK_MS > roundTrip + 2 * TICK_MS) return;
    if (taken < Number(steps)) walk(SQUARE[taken % SQUARE.length]!);
    else if (pending.length === 0) {
      clearInterval(ticks);
      console.log(`stands at ${place()}`);
      void room.leave();
    }
  }, TICK_MS);
  const code = await left;
  clearInterval(ticks);
  clearInterval(pings);
  return code;
}

const client = new Client(server);
await client.auth.signInAnonymously(); // who signs in is found where it stood
for (let attempt = 0; ; attempt++) {
  try {
    const code = await play(await client.joinOrCreate<WorldState>("world", { name: "Nora" }));
    console.log("left with", code);
    // 4000: we left. 4312: we have joined elsewhere. After anything else, a restart of the server say, we come back.
    if (code === 4000 || code === 4312) break;
    attempt = 0;
  } catch (error) {
    console.log("not in:", error instanceof Error ? error.message : error);
  }
  await wait(Math.min(8000, 500 * 2 ** attempt) * (0.75 + Math.random() / 4));
}
