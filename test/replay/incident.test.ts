// When a step throws, or a body is as none can be, the last minutes are kept, once, and the others play on.

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
/** The same, with a tile that no step can be taken onto without a fault, as soon as it has rained. */
let rained = false;
const MUDDY: WorldMap = {
  ...MAP,
  isWall: (x, y) => {
    if (rained && x === 6 && y === 1) throw new Error(`mud at ${x}, ${y}`);
    return MAP.isWall(x, y);
  },
};
const SECOND = 20;
afterEach(() => {
  rained = false;
});

/** A world on a map with two players: one on the row of the mud, and one on another. */
function twoWalkers(map: WorldMap) {
  const kept = new Kept();
  const world = new RecordedWorld(map, 1, { room: "room", recordings: kept, blankInput: BLANK_INPUT });
  const bodies = { ada: { x: 0, y: 0, facing: 4 }, ben: { x: 0, y: 0, facing: 4 } };
  world.join("ada", bodies.ada, { x: 48, y: 48 });
  world.join("ben", bodies.ben, { x: 48, y: 112 });
  const tick = (direction: number, ticks = 1) => {
    for (let left = ticks; left > 0; left--) {
      const waiting = new Map([
        ["ada", [{ direction }]],
        ["ben", [{ direction }]],
      ]);
      world.tick((id) => waiting.get(id)?.shift());
    }
  };
  return { kept, world, bodies, tick };
}

describe("a step that throws", () => {
  test("costs its player the step, and the others nothing; it is kept once, and happens again when it is played", async () => {
    const { kept, world, bodies, tick } = twoWalkers(MUDDY);
    rained = true;
    // Who comes back to a place rests for two ticks.
    tick(RIGHT, 2 + 40);
    expect(bodies.ada.x).toBe(176);
    expect(bodies.ben.x).toBe(368);
    tick(LEFT, 5);
    expect(bodies.ada.x).toBe(136);
    expect(kept.incidents.map(({ incident }) => incident)).toEqual([
      { tick: 19, player: "ada", fault: "took a step that threw: Error: mud at 6, 1" },
    ]);
    const recording = readRecording(kept.incidents[0]!.file);
    expect(recording).toMatchObject({ firstTick: 0, lastTick: 19, truncated: undefined });
    expect(recording.header.incident).toEqual(kept.incidents[0]!.incident);
    expect(play(recording, MUDDY)).toMatchObject({ fault: recording.header.incident, difference: undefined });
    expect(play(recording, MAP)).toMatchObject({ fault: undefined });
    // The recording of the whole game has the fault in it too, and goes on behind it.
    await world.end();
    const whole = play(readRecording(kept.file), MUDDY);
    expect(whole).toMatchObject({ ticks: 47, difference: undefined, fault: recording.header.incident });
  });

  test("without anybody who keeps it, it is thrown at whoever ticks the world", () => {
    const world = new RecordedWorld(MUDDY, 1, { blankInput: BLANK_INPUT });
    rained = true;
    world.join("ada", { x: 0, y: 0, facing: 4 }, { x: 168, y: 48 });
    expect(() => {
      for (let tick = 0; tick < 2 + 3; tick++) world.tick(() => ({ direction: RIGHT }));
    }).toThrow("mud at 6, 1");
  });
});

describe("a body as none can be", () => {
  const breaks: [string, (body: object) => void, RegExp][] = [
    [
      "between two units",
      (body) => Object.assign(body, { x: 48.5 }),
      /^stands at \(48\.5, 48\), which are no whole numbers$/,
    ],
    [
      "nowhere",
      (body) => Object.assign(body, { y: Number.NaN }),
      /^stands at \(48, NaN\), which are no whole numbers$/,
    ],
    ["in a wall", (body) => Object.assign(body, { y: 30 }), /^stands at \(48, 30\), in a wall or outside of the map$/],
    [
      "outside of the map",
      (body) => Object.assign(body, { x: -500 }),
      /^stands at \(-500, 48\), in a wall or outside of the map$/,
    ],
    ["turned to nowhere", (body) => Object.assign(body, { facing: 7 }), /^faces 7, which is no direction$/],
    [
      "too far from where it was",
      (body) => Object.assign(body, { x: 368 }),
      /^moved 320 units in 20 tick\(s\), from \(48, 48\) to/,
    ],
  ];
  test.each(breaks)("is noticed within a second: %s", async (_where, spoil, sentence) => {
    const { kept, world, bodies, tick } = twoWalkers(MAP);
    tick(0, SECOND + 7);
    spoil(bodies.ada);
    tick(0, SECOND);
    const { incident, file } = kept.incidents[0]!;
    expect(incident).toEqual({ tick: 2 * SECOND, player: "ada", fault: expect.stringMatching(sentence) });
    // It came from outside of the world: played again it is not there, and that is told.
    const { fault, difference } = play(readRecording(file), MAP);
    expect({ fault, tick: difference?.tick }).toEqual({ fault: undefined, tick: 2 * SECOND });
    expect(difference?.what).toMatch(/ada stood at \(.*\) facing .*, and stands at \(48, 48\)|a part of a unit$/);
    tick(0, 5 * SECOND);
    expect(kept.incidents).toHaveLength(1);
    await world.end();
  });

  test("a crowd that does nothing wrong is no incident", () => {
    const bustle = new Bustle(MAP, 3);
    bustle.play(3000, 12);
    expect(bustle.kept.incidents).toEqual([]);
  });
});

describe("what is kept of a long game", () => {
  /** Ten minutes of a bustle, then a fault. */
  const { incident, file }: { incident: Incident; file: Uint8Array } = (() => {
    const bustle = new Bustle(MAP, 4);
    bustle.play(10 * 60 * SECOND + 111, 12);
    const [body] = bustle.bodies.values();
    body!.x += 0.5;
    bustle.play(SECOND, 12);
    return bustle.kept.incidents[0]!;
  })();

  test("is the last two minutes, and up to a third: it begins with a snapshot", () => {
    const { firstTick, lastTick } = readRecording(file);
    expect(lastTick).toBe(incident.tick);
    expect(lastTick - firstTick).toBeGreaterThanOrEqual(120 * SECOND);
    expect(lastTick - firstTick).toBeLessThanOrEqual(180 * SECOND);
  });

  test("plays from there to the fault as it was", () => {
    const recording = readRecording(file);
    const replay = new Replay(recording, MAP);
    while (replay.tick < incident.tick - SECOND) {
      expect(replay.advance()).toBe(true);
      expect(replay.difference).toBeUndefined();
    }
    while (replay.advance());
    expect(replay.difference?.tick).toBe(incident.tick);
  });
});
