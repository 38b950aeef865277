// Tests that the world saves one incident if a step throws or a body violates an invariant. An incident is a recording
// of the last minutes. The game goes on.

import { afterEach, describe, expect, test } from "@jest/globals";
import { type Incident, readRecording } from "../../replay/format.ts";
import { play } from "../../replay/outcome.ts";
import { RecordedWorld } from "../../replay/recorded-world.ts";
import { Replay } from "../../replay/replay.ts";
import { BLANK_INPUT } from "../../schema/move-input.ts";
import { LEFT, RIGHT } from "../../sim/directions.ts";
import type { WorldMap } from "../../sim/map.ts";
import { drawnMap } from "../support/maps.ts";
import { Bustle, Kept } from "../support/recording.ts";

const ROWS = ["##############", "#s...........#", "#............#", "#s...........#", "##############"];
const MAP = drawnMap("plaza", ROWS);
/** Whether a step onto the faulty cells of MUDDY_MAP throws. */
let isMuddy = false;
/** A copy of MAP in which the cells at the left edge of one tile are faulty. */
const MUDDY_MAP: WorldMap = {
  ...MAP,
  isSolid: (x, y) => {
    if (isMuddy && x === 24 && y >= 4 && y < 8) throw new Error(`mud at ${x}, ${y}`);
    return MAP.isSolid(x, y);
  },
};
const SECOND = 20;
afterEach(() => {
  isMuddy = false;
});

/** Returns a recorded world with two players: Ada is in the row of the faulty cells, Ben in another row. */
function twoWalkers(map: WorldMap) {
  const kept = new Kept();
  const world = new RecordedWorld(map, 1, { room: "room", recordings: kept, blankInput: BLANK_INPUT });
  const bodies = { ada: { x: 0, y: 0, facing: 4 }, ben: { x: 0, y: 0, facing: 4 } };
  world.join("ada", bodies.ada, { x: 48, y: 48 });
  world.join("ben", bodies.ben, { x: 48, y: 112 });
  const tick = (direction: number, ticks = 1) => {
    for (let left = ticks; left > 0; left--) {
      const inputs = new Map([
        ["ada", [{ direction }]],
        ["ben", [{ direction }]],
      ]);
      world.tick((id) => inputs.get(id)?.shift());
    }
  };
  return { kept, world, bodies, tick };
}

describe("steps that throw:", () => {
  test("all players walk on after a step throws an error, and the world reports an incident that can be replayed", async () => {
    const { kept, world, bodies, tick } = twoWalkers(MUDDY_MAP);
    isMuddy = true;
    // For two ticks, the world applies no input of players that joined with a saved position.
    tick(RIGHT, 2 + 40);
    expect(bodies.ada.x).toBe(176);
    expect(bodies.ben.x).toBe(368);
    tick(LEFT, 5);
    expect(bodies.ada.x).toBe(136);
    expect(kept.incidents.map(({ incident }) => incident)).toEqual([
      { tick: 19, player: "ada", fault: "took a step that threw: Error: mud at 24, 4" },
    ]);
    const recording = readRecording(kept.incidents[0]!.file);
    expect(recording).toMatchObject({ firstTick: 0, lastTick: 19, truncated: undefined });
    expect(recording.header.incident).toEqual(kept.incidents[0]!.incident);
    expect(play(recording, MUDDY_MAP)).toMatchObject({ fault: recording.header.incident, divergence: undefined });
    expect(play(recording, MAP)).toMatchObject({ fault: undefined });
    // The recording of the whole game also contains the fault, and continues after it.
    await world.end();
    const whole = play(readRecording(kept.file), MUDDY_MAP);
    expect(whole).toMatchObject({ ticks: 47, divergence: undefined, fault: recording.header.incident });
  });

  test("World.tick throws the error of a step if the world is not recorded", () => {
    const world = new RecordedWorld(MUDDY_MAP, 1, { blankInput: BLANK_INPUT });
    isMuddy = true;
    world.join("ada", { x: 0, y: 0, facing: 4 }, { x: 168, y: 48 });
    expect(() => {
      for (let tick = 0; tick < 2 + 3; tick++) world.tick(() => ({ direction: RIGHT }));
    }).toThrow("mud at 24, 4");
  });
});

describe("invariants of bodies:", () => {
  const violations: [string, (body: object) => void, RegExp][] = [
    [
      "a position between two units",
      (body) => Object.assign(body, { x: 48.5 }),
      /^stands at \(48\.5, 48\), which are not whole numbers$/,
    ],
    [
      "no position",
      (body) => Object.assign(body, { y: Number.NaN }),
      /^stands at \(48, NaN\), which are not whole numbers$/,
    ],
    [
      "a position in a wall",
      (body) => Object.assign(body, { y: 30 }),
      /^stands at \(48, 30\), in a wall or outside of the map$/,
    ],
    [
      "a position outside of the map",
      (body) => Object.assign(body, { x: -500 }),
      /^stands at \(-500, 48\), in a wall or outside of the map$/,
    ],
    ["an unknown direction", (body) => Object.assign(body, { facing: 7 }), /^faces 7, an unknown direction$/],
    [
      "a position too far from the previous one",
      (body) => Object.assign(body, { x: 368 }),
      /^moved 320 units in 20 tick\(s\), from \(48, 48\) to/,
    ],
  ];
  test.each(violations)("a body with %s causes an incident within a second", async (_violation, corrupt, fault) => {
    const { kept, world, bodies, tick } = twoWalkers(MAP);
    tick(0, SECOND + 7);
    corrupt(bodies.ada);
    tick(0, SECOND);
    const { incident, file } = kept.incidents[0]!;
    expect(incident).toEqual({ tick: 2 * SECOND, player: "ada", fault: expect.stringMatching(fault) });
    // The recording does not contain the test's change of the body. So the replay finds no fault, but diverges.
    const outcome = play(readRecording(file), MAP);
    expect(outcome).toMatchObject({ fault: undefined, divergence: { tick: 2 * SECOND } });
    expect(outcome.divergence?.message).toMatch(
      /ada was recorded at \(.*\) facing .*, but is at \(48, 48\)|a fraction of a unit differs$/,
    );
    tick(0, 5 * SECOND);
    expect(kept.incidents).toHaveLength(1);
    await world.end();
  });

  test("no incident occurs while random players walk for 3000 ticks", () => {
    const bustle = new Bustle(MAP, 3);
    bustle.play(3000, 12);
    expect(bustle.kept.incidents).toEqual([]);
  });
});

describe("recordings of incidents after a long game:", () => {
  /** The incident of a body that violates an invariant after ten minutes of play by random players. */
  const { incident, file }: { incident: Incident; file: Uint8Array } = (() => {
    const bustle = new Bustle(MAP, 4);
    bustle.play(10 * 60 * SECOND + 111, 12);
    const [body] = bustle.bodies.values();
    body!.x += 0.5;
    bustle.play(SECOND, 12);
    return bustle.kept.incidents[0]!;
  })();

  test("the recording of an incident in a long game covers only the last two to three minutes", () => {
    const { firstTick, lastTick } = readRecording(file);
    expect(lastTick).toBe(incident.tick);
    expect(lastTick - firstTick).toBeGreaterThanOrEqual(120 * SECOND);
    expect(lastTick - firstTick).toBeLessThanOrEqual(180 * SECOND);
  });

  test("in the replay of an incident, only the tick of the incident diverges", () => {
    const recording = readRecording(file);
    const replay = new Replay(recording, MAP);
    while (replay.tick < incident.tick - SECOND) {
      expect(replay.advance()).toBe(true);
      expect(replay.divergence).toBeUndefined();
    }
    while (replay.advance());
    expect(replay.divergence?.tick).toBe(incident.tick);
  });
});
