// The rules of movement hold for all three ways to send moves: messages, inputs, and words on a plain WebSocket.
import { describe, expect, test } from "@jest/globals";
import { DIRECTION_WORDS, type DirectionWord } from "../../sim/directions.ts";
import { drawnMap } from "../support/maps.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk, WAYS } from "../support/walkers.ts";

const OPEN = drawnMap("plaza", [
  ...Array.from({ length: 20 }, () => ".".repeat(41)),
  `${".".repeat(20)}s${".".repeat(20)}`,
  ...Array.from({ length: 20 }, () => ".".repeat(41)),
]);
/** One free tile of 32 units. In its centre, a body of 24 units has 4 units of free space on each side. */
const CELL = drawnMap("cell", ["###", "#s#", "###"]);

const server = startServer({
  maps: new Map([
    ["plaza", OPEN],
    ["cell", CELL],
  ]),
  reconnectionSeconds: 1,
});
const SPAWN = OPEN.spawns[0]!;

const STEPS: Record<DirectionWord, [x: number, y: number]> = {
  left: [-8, 0],
  right: [8, 0],
  up: [0, -8],
  down: [0, 8],
  좌: [-8, 0],
  우: [8, 0],
  상: [0, -8],
  하: [0, 8],
};

describe.each(WAYS)("moves by $name:", (way) => {
  test.each(DIRECTION_WORDS)(
    "a move `%s` changes the player's position by eight units, and all clients see the same position",
    async (word) => {
      const walker = await way.join(server);
      const others = await Promise.all(WAYS.map((each) => each.join(server)));
      walker.move(word);
      const [x, y] = STEPS[word];
      const place = { x: SPAWN.x + x, y: SPAWN.y + y };
      for (const witness of [walker, ...others]) {
        await until(() => witness.sees(walker.id)?.x === place.x && witness.sees(walker.id)?.y === place.y);
      }
    },
  );

  test("a player whose client sends a thousand steps at once moves at most one step per tick", async () => {
    const walker = await way.join(server);
    const other = await way.join(server);
    const room = await server.roomOf(walker.id);
    let ticks = 0;
    const step = room.step.bind(room);
    room.step = () => {
      ticks++;
      step();
    };
    for (let i = 0; i < 1000; i++) walker.move("right");
    // Meanwhile another player sends one step on its own connection.
    await until(() => walker.sees(walker.id)!.x > SPAWN.x);
    other.move("up");
    await until(() => walker.sees(other.id)?.y === SPAWN.y - 8 && ticks > 12);
    const moved = room.state.players.get(walker.id)!.x - SPAWN.x;
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThanOrEqual(64 + 8 * ticks);
    expect(moved).toBeLessThanOrEqual(8 * ticks);
    await until(() => other.sees(walker.id)!.x === room.state.players.get(walker.id)!.x);
    expect(other.sees(other.id)).toMatchObject({ x: SPAWN.x, y: SPAWN.y - 8 });
  });

  test("a step towards a wall ends at the wall, in all four directions", async () => {
    const walker = await way.join(server, { map: "cell" });
    for (const [word, x, y] of [
      ["left", 44, 48],
      ["up", 44, 44],
      ["right", 52, 44],
      ["down", 52, 52],
    ] as const) {
      for (let i = 0; i < 3; i++) walker.move(word);
      await until(() => walker.sees(walker.id)?.x === x && walker.sees(walker.id)?.y === y);
    }
  });

  test("a player who leaves disappears for other clients at once, not after the reconnection timeout", async () => {
    const witness = await joinWithSdk(server);
    const walker = await way.join(server);
    await until(() => witness.state.players.has(walker.id));
    await walker.leave();
    // A player whose connection is lost stays visible for the reconnection timeout of one second. This player has left,
    // so it must disappear earlier.
    await until(() => !witness.state.players.has(walker.id), 900);
  });
});
