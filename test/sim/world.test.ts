import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Input } from "../../sim/apply-input.ts";
import { type Direction, DOWN, LEFT, RIGHT, UP } from "../../sim/directions.ts";
import { type Random, seededRandom } from "../../sim/random.ts";
import type { Body } from "../../sim/step.ts";
import { World } from "../../sim/world.ts";
import { runs } from "../support/long.ts";
import { drawnMap } from "../support/maps.ts";

/** Open ground with one spawn at its centre, and at least 160 free units in each direction. */
const OPEN = drawnMap("open", [
  ...Array<string>(5).fill("..........."),
  ".....s.....",
  ...Array<string>(5).fill("..........."),
]);
const SPAWN = OPEN.spawns[0]!;

/** Returns a world on OPEN with these players. A test puts the predicted inputs of a player into `inputs`. */
function openWorld(...ids: string[]) {
  const world = new World(OPEN, seededRandom(1));
  const bodies: Record<string, Body> = {};
  const inputs: Record<string, number[]> = {};
  /** The players whose next predicted input was requested, in order. */
  const requested: string[] = [];
  for (const id of ids) {
    bodies[id] = { x: 0, y: 0, facing: DOWN };
    inputs[id] = [];
    world.join(id, bodies[id]);
  }
  const tick = (times = 1) => {
    for (let i = 0; i < times; i++) {
      world.tick((id) => {
        requested.push(id);
        const direction = inputs[id]?.shift();
        return direction === undefined ? undefined : { direction };
      });
    }
  };
  /** Returns a player's offset from the spawn. */
  const offset = (id: string) => [bodies[id]!.x - SPAWN.x, bodies[id]!.y - SPAWN.y];
  return { world, bodies, inputs, requested, tick, offset };
}

const repeat = (times: number, action: () => void) => {
  for (let i = 0; i < times; i++) action();
};

describe("joining and leaving:", () => {
  test("World.join places bodies at all spawns of the map, and at no other position", () => {
    const map = drawnMap("spawns", ["s..s", "....", "s..s"]);
    const world = new World(map, seededRandom(5));
    const places = Array.from({ length: 200 }, (_, i) => {
      const body = { x: -1, y: -1, facing: DOWN };
      world.join(`p${i}`, body);
      expect(map.spawns).toContainEqual({ x: body.x, y: body.y });
      return `${body.x},${body.y}`;
    });
    expect(new Set(places).size).toBe(4);
  });

  test("World.join draws one random number below the number of spawns, and uses the spawn with this index", () => {
    const map = drawnMap("spawns", ["s.s.s"]);
    const bounds: number[] = [];
    const world = new World(map, (below) => {
      bounds.push(below);
      return 2;
    });
    const body = { x: 0, y: 0, facing: DOWN };
    world.join("a", body);
    expect(bounds).toEqual([3]);
    expect(body).toEqual({ ...map.spawns[2], facing: DOWN });
  });

  test("World.join does not change the direction that the body faces", () => {
    const body = { x: 0, y: 0, facing: UP as number };
    new World(OPEN, seededRandom(1)).join("a", body);
    expect(body.facing).toBe(UP);
  });

  test("moves and inputs do not affect the body of a player who has left", () => {
    const { world, inputs, requested, tick, bodies } = openWorld("a", "b");
    world.queueMove("a", { direction: LEFT });
    inputs.a!.push(LEFT);
    world.leave("a");
    world.queueMove("a", { direction: LEFT });
    world.clearQueue("a");
    tick(3);
    expect(bodies.a).toEqual({ ...SPAWN, facing: DOWN });
    expect(requested).toEqual(["b", "b", "b"]);
    expect(world.dropped).toBe(0);
  });

  test("World.leave drops the player's queued moves, even if the player joins again", () => {
    const { world, tick, offset, bodies } = openWorld("a");
    repeat(8, () => world.queueMove("a", { direction: LEFT }));
    world.leave("a");
    world.join("a", bodies.a!);
    tick(3);
    expect(offset("a")).toEqual([0, 0]);
  });

  test("a player's inputs wait two ticks after a join with a saved position, so switching worlds gains no step", () => {
    const { world, inputs, requested, tick, offset, bodies } = openWorld("a", "b");
    world.leave("a");
    world.join("a", bodies.a!, SPAWN);
    world.queueMove("a", { direction: LEFT });
    inputs.a!.push(LEFT);
    tick(2);
    expect(offset("a")).toEqual([0, 0]);
    expect(requested).toEqual(["b", "b"]);
    tick(2);
    expect(offset("a")).toEqual([-16, 0]);
  });

  test("World.queueMove, clearQueue and leave ignore an unknown player", () => {
    const { world, tick, offset } = openWorld("a");
    world.queueMove("unknown", { direction: LEFT });
    world.clearQueue("unknown");
    world.leave("unknown");
    tick();
    expect(offset("a")).toEqual([0, 0]);
    expect(world.dropped).toBe(0);
  });
});

describe("idle players:", () => {
  test("World.idle yields the players who have sent no input, or only no-ops, for the given number of ticks", () => {
    const { world, inputs, tick } = openWorld("stands", "sends no-ops", "walks", "walks later");
    const idle = () => [...world.idle(5)];
    for (let ticks = 1; ticks <= 4; ticks++) {
      inputs["sends no-ops"]!.push(0);
      world.queueMove("walks", { direction: LEFT });
      tick();
      expect(idle()).toEqual([]);
    }
    inputs["walks later"]!.push(UP);
    tick();
    expect(idle()).toEqual(["stands", "sends no-ops"]);
    world.queueMove("stands", { direction: LEFT });
    tick();
    expect(idle()).toEqual(["sends no-ops"]);
  });
});

describe("ticks:", () => {
  test("a tick moves each player by one step, however many moves and predicted inputs are queued", () => {
    const { world, inputs, tick, offset } = openWorld("a", "b");
    repeat(8, () => world.queueMove("a", { direction: RIGHT }));
    inputs.a!.push(...Array(8).fill(RIGHT));
    inputs.b!.push(...Array(8).fill(LEFT));
    for (let ticks = 1; ticks <= 16; ticks++) {
      tick();
      expect(offset("a")).toEqual([8 * ticks, 0]);
      expect(offset("b")).toEqual([-8 * Math.min(ticks, 8), 0]);
    }
    tick();
    expect(offset("a")).toEqual([128, 0]);
  });

  test("a tick does not move a player without inputs", () => {
    const { tick, bodies } = openWorld("a");
    tick(10);
    expect(bodies.a).toEqual({ ...SPAWN, facing: DOWN });
  });

  test("ticks apply a player's queued moves in order of arrival", () => {
    const { world, tick, bodies } = openWorld("a");
    const moves: Direction[] = [UP, LEFT, LEFT, DOWN, RIGHT, UP];
    for (const direction of moves) world.queueMove("a", { direction });
    const facings = moves.map(() => {
      tick();
      return bodies.a!.facing;
    });
    expect(facings).toEqual(moves);
  });

  test("a tick requests a player's predicted input only if no move of the player is queued", () => {
    const { world, inputs, requested, tick, offset } = openWorld("a");
    inputs.a!.push(0, DOWN);
    world.queueMove("a", { direction: RIGHT });
    world.queueMove("a", { direction: RIGHT });
    tick(2);
    expect(offset("a")).toEqual([16, 0]);
    expect(requested).toEqual([]);
    expect(inputs.a).toEqual([0, DOWN]);
    tick();
    expect(offset("a")).toEqual([16, 8]);
  });

  test("a tick consumes a player's no-op inputs, and also the first step after them", () => {
    const { inputs, tick, offset } = openWorld("a");
    inputs.a!.push(0, 0, 0, RIGHT, 0, RIGHT);
    tick();
    expect(offset("a")).toEqual([8, 0]);
    expect(inputs.a).toEqual([0, RIGHT]);
    tick();
    expect(offset("a")).toEqual([16, 0]);
    expect(inputs.a).toEqual([]);
  });

  test("a tick consumes all inputs of a player if all of them are no-ops, and does not move the body", () => {
    const { inputs, tick, bodies } = openWorld("a");
    inputs.a!.push(0, 0, 0);
    tick();
    expect(inputs.a).toEqual([]);
    expect(bodies.a).toEqual({ ...SPAWN, facing: DOWN });
  });

  test.each([5, -1, 200, 1.5, NaN])("a tick treats an input with the unknown direction code %d as a no-op", (code) => {
    const { inputs, tick, offset } = openWorld("a");
    inputs.a!.push(code, UP);
    tick();
    expect(offset("a")).toEqual([0, -8]);
    expect(inputs.a).toEqual([]);
  });

  test("a tick applies each player's own inputs, in the order in which the players joined", () => {
    const { inputs, requested, tick, offset } = openWorld("c", "a", "b");
    inputs.a!.push(LEFT);
    inputs.b!.push(UP);
    inputs.c!.push(DOWN);
    tick();
    expect(requested).toEqual(["c", "a", "b"]);
    expect([offset("a"), offset("b"), offset("c")]).toEqual([
      [-8, 0],
      [0, -8],
      [0, 8],
    ]);
  });

  test("a tick applies one player's input before it requests the next player's input", () => {
    const { world, bodies } = openWorld("a", "b");
    const events: string[] = [];
    world.tick((id) => {
      events.push(`request from ${id} while a is at ${bodies.a!.x - SPAWN.x}`);
      return { direction: RIGHT };
    });
    expect(events).toEqual(["request from a while a is at 0", "request from b while a is at 8"]);
  });

  test("a move still takes a whole tick if a wall stops the move", () => {
    const cell = drawnMap("cell", ["###", "#s#", "###"]);
    const world = new World(cell, seededRandom(1));
    const body = { x: 0, y: 0, facing: DOWN as number };
    world.join("a", body);
    for (const direction of [LEFT, LEFT, RIGHT] as const) world.queueMove("a", { direction });
    const places = [1, 2, 3].map(() => {
      world.tick(() => undefined);
      return [body.x - 48, body.facing];
    });
    expect(places).toEqual([
      [-4, LEFT],
      [-4, LEFT],
      [4, RIGHT],
    ]);
  });

  test("players walk through each other", () => {
    const { world, tick, offset } = openWorld("a", "b");
    expect(offset("a")).toEqual(offset("b"));
    repeat(4, () => world.queueMove("a", { direction: LEFT }));
    tick(4);
    repeat(8, () => world.queueMove("a", { direction: RIGHT }));
    repeat(4, () => world.queueMove("b", { direction: LEFT }));
    tick(8);
    expect([offset("a"), offset("b")]).toEqual([
      [32, 0],
      [-32, 0],
    ]);
  });
});

describe("queued moves:", () => {
  test("a move that is added to a full queue of eight moves drops the oldest move and increments `dropped`", () => {
    const { world, tick, offset } = openWorld("a");
    repeat(8, () => world.queueMove("a", { direction: RIGHT }));
    expect(world.dropped).toBe(0);
    world.queueMove("a", { direction: DOWN });
    expect(world.dropped).toBe(1);
    world.queueMove("a", { direction: DOWN });
    expect(world.dropped).toBe(2);
    tick(20);
    expect(offset("a")).toEqual([48, 16]);
  });

  test("a full queue accepts one more move after each tick", () => {
    const { world, tick, offset } = openWorld("a");
    repeat(8, () => world.queueMove("a", { direction: RIGHT }));
    tick();
    world.queueMove("a", { direction: DOWN });
    expect(world.dropped).toBe(0);
    world.queueMove("a", { direction: DOWN });
    expect(world.dropped).toBe(1);
    tick(20);
    expect(offset("a")).toEqual([56, 16]);
  });

  test("each player has a separate queue, but `dropped` counts the dropped moves of all players together", () => {
    const { world, tick, offset } = openWorld("a", "b");
    repeat(10, () => world.queueMove("a", { direction: RIGHT }));
    repeat(9, () => world.queueMove("b", { direction: LEFT }));
    expect(world.dropped).toBe(3);
    tick(20);
    expect([offset("a"), offset("b")]).toEqual([
      [64, 0],
      [-64, 0],
    ]);
  });

  test("a player takes only eight steps after a burst of a thousand moves, however many ticks follow", () => {
    const { world, tick, offset } = openWorld("a");
    repeat(1000, () => world.queueMove("a", { direction: RIGHT }));
    tick();
    expect(offset("a")).toEqual([8, 0]);
    tick(99);
    expect(offset("a")).toEqual([64, 0]);
    expect(world.dropped).toBe(992);
  });

  test("a player takes at most one step per tick during a flood of moves, and at most eight steps after the flood", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(400), { minLength: 1, maxLength: 10 }), (bursts) => {
        const { world, tick, offset } = openWorld("a");
        bursts.forEach((burst, ticks) => {
          expect(offset("a")[0]).toBeLessThanOrEqual(8 * ticks);
          repeat(burst, () => world.queueMove("a", { direction: RIGHT }));
          tick();
        });
        tick(20);
        const sent = bursts.reduce((sum, burst) => sum + burst, 0);
        const moved = offset("a")[0]! / 8;
        expect(moved).toBeLessThanOrEqual(8 + bursts.length);
        // Every move was either applied or counted as dropped. No move was blocked, because no wall is within 18 steps.
        expect(moved + world.dropped).toBe(sent);
      }),
      { numRuns: runs(100) },
    );
  });

  test("World.clearQueue drops the queued moves of the given player only", () => {
    const { world, tick, offset } = openWorld("a", "b");
    repeat(5, () => world.queueMove("a", { direction: RIGHT }));
    repeat(5, () => world.queueMove("b", { direction: RIGHT }));
    tick();
    world.clearQueue("a");
    tick(10);
    expect([offset("a"), offset("b")]).toEqual([
      [8, 0],
      [40, 0],
    ]);
    expect(world.dropped).toBe(0);
  });

  test("a player's queue accepts eight moves again after World.clearQueue", () => {
    const { world, tick, offset } = openWorld("a");
    repeat(8, () => world.queueMove("a", { direction: RIGHT }));
    world.clearQueue("a");
    repeat(9, () => world.queueMove("a", { direction: UP }));
    tick(20);
    expect(offset("a")).toEqual([0, -64]);
    expect(world.dropped).toBe(1);
  });
});

describe("random games:", () => {
  const HALLS = drawnMap("halls", ["s..#...s", "...#.#..", ".#...#.s", "...#....", "s..#..s."]);

  type Event =
    | { do: "join" | "leave" | "clearQueue"; id: string }
    | { do: "move"; id: string; direction: Direction; times: number }
    | { do: "input"; id: string; code: number }
    | { do: "tick" };

  const id = fc.constantFrom("a", "b", "c", "d", "e");
  const direction = fc.constantFrom<Direction>(LEFT, RIGHT, UP, DOWN);
  const event: fc.Arbitrary<Event> = fc.oneof(
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom("join" as const, "leave" as const, "clearQueue" as const), id }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("move" as const), id, direction, times: fc.integer({ min: 1, max: 12 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("input" as const), id, code: fc.constantFrom(0, 1, 2, 3, 4, 5, 200) }),
    },
    { weight: 6, arbitrary: fc.constant({ do: "tick" as const }) },
  );
  const script = fc.array(event, { minLength: 50, maxLength: 300 });

  /** Plays a script on a new world. Returns all bodies after each tick, and the number of dropped moves, as JSON. */
  function play(events: Event[], random: Random): string {
    const world = new World(HALLS, random);
    const bodies = new Map<string, Body>();
    const inputs = new Map<string, Input[]>();
    const frames: unknown[] = [];
    const join = (id: string) => {
      if (bodies.has(id)) return;
      const body = { x: 0, y: 0, facing: DOWN };
      world.join(id, body);
      bodies.set(id, body);
      inputs.set(id, []);
    };
    join("a");
    join("b");
    for (const event of events) {
      if (event.do === "join") join(event.id);
      else if (event.do === "clearQueue") world.clearQueue(event.id);
      else if (event.do === "leave") {
        world.leave(event.id);
        bodies.delete(event.id);
      } else if (event.do === "move")
        repeat(event.times, () => world.queueMove(event.id, { direction: event.direction }));
      else if (event.do === "input") inputs.get(event.id)?.push({ direction: event.code });
      else {
        world.tick((id) => inputs.get(id)?.shift());
        frames.push([...bodies].map(([id, { x, y, facing }]) => [id, x, y, facing]));
      }
    }
    return JSON.stringify({ frames, dropped: world.dropped });
  }

  test("two games are identical if the map, the seed, the joins and the inputs are the same", () => {
    fc.assert(
      fc.property(script, fc.nat(0xffffffff), (events, seed) => {
        expect(play(events, seededRandom(seed))).toBe(play(events, seededRandom(seed)));
      }),
      { numRuns: runs(100) },
    );
  });

  test("worlds with different seeds choose different spawns", () => {
    const spawnsOf = (seed: number) => {
      const world = new World(HALLS, seededRandom(seed));
      return Array.from({ length: 20 }, (_, i) => {
        const body = { x: 0, y: 0, facing: DOWN };
        world.join(`p${i}`, body);
        return body;
      });
    };
    expect(new Set([1, 2, 3, 4, 5].map((seed) => JSON.stringify(spawnsOf(seed)))).size).toBe(5);
  });

  test("a body never moves farther than eight units per tick in a random game", () => {
    fc.assert(
      fc.property(script, (events) => {
        // No player leaves, because a player who leaves and joins between two ticks may move to another spawn.
        const result = play(
          events.filter((event) => event.do !== "leave"),
          seededRandom(3),
        );
        const { frames } = JSON.parse(result) as { frames: [string, number, number, number][][] };
        for (let tick = 1; tick < frames.length; tick++) {
          const before = new Map(frames[tick - 1]!.map(([id, x, y]) => [id, { x, y }]));
          for (const [id, x, y] of frames[tick]!) {
            const place = before.get(id);
            if (place) expect(Math.abs(x - place.x) + Math.abs(y - place.y)).toBeLessThanOrEqual(8);
          }
        }
      }),
      { numRuns: runs(30) },
    );
  });
});
