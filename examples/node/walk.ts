// A client with the SDK and client-side prediction. It reconnects or joins again after any lost connection.
//
//     npx node examples/node/walk.ts [http://host:port] [steps]
//
// Without `steps` it walks in squares until Ctrl-C.
import type { Room } from "@colyseus/sdk";
import { play } from "../../client/play.ts";
import type { MoveInput } from "../../schema/move-input.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { type Direction, DOWN, LEFT, RIGHT, UP } from "../../sim/directions.ts";
import { createMap } from "../../sim/map.ts";
import { TICK_MS } from "../../sim/rules.ts";
import { step } from "../../sim/step.ts";

const [server = "http://localhost:2567", steps = "Infinity"] = process.argv.slice(2);
const DIRECTIONS: Direction[] = [RIGHT, DOWN, LEFT, UP];
const SQUARE = DIRECTIONS.flatMap((direction) => Array<Direction>(12).fill(direction));
let stepsTaken = 0;
let roundTrip = 0;

/** Walks in a room until the session has ended. */
async function walkIn(room: Room<unknown, WorldState>): Promise<void> {
  room.onLeave((code) => console.log("left with", code));
  room.onDrop(() => console.log("connection lost; reconnecting"));
  room.onReconnect(() => console.log("reconnected"));
  room.onError((code, message) => console.log("error", code, message));
  await new Promise((resolve) => room.onStateChange.once(resolve));

  const walls = createMap(await (await fetch(`${server}/maps/${room.state.map}.json`)).json());
  const input = room.input<MoveInput>();
  const serverPlayer = () => room.state.players.get(room.sessionId)!;
  const { x, y, facing } = serverPlayer();
  const self = { x, y, facing };
  /** The steps that were sent and are not yet acknowledged, oldest first. */
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

  const ticks = setInterval(() => {
    // Steps in the server's queue delay all later steps, and the queue does not shrink by itself. So the client skips a
    // step if the pending steps take more time than the round trip plus two ticks.
    if (input.pendingCount * TICK_MS > roundTrip + 2 * TICK_MS) return;
    if (stepsTaken < Number(steps)) walk(SQUARE[stepsTaken % SQUARE.length]!);
    else if (pending.length === 0) {
      clearInterval(ticks);
      console.log(`stopped at ${position()}`);
      void room.leave();
    }
  }, TICK_MS);
  room.onLeave(() => clearInterval(ticks));
}

// The player signs in, so it returns to its last position. `play` joins again when the room is lost.
await play<WorldState>(server, { name: "Nora" }, walkIn, {
  onTrouble: ({ message }) => console.log(message),
  onRoundTrip: (milliseconds) => (roundTrip = milliseconds),
});
