// Tests the playback of a recording on the page: its speed, and the interpolated positions of the players.
import { expect, test } from "@jest/globals";
import { readRecording } from "../../replay/format.ts";
import { Replay } from "../../replay/replay.ts";
import { Playback } from "../../web/playback.ts";
import { drawnMap } from "../support/maps.ts";
import { Bustle } from "../support/recording.ts";

const MAP = drawnMap("yard", ["##########", "#s......s#", "#...##...#", "#s.......#", "##########"]);
const TICKS = 2500;

async function playback(): Promise<{ shown: Playback; expected: (tick: number) => object }> {
  const bustle = new Bustle(MAP, 7);
  bustle.play(TICKS, 6);
  const recording = readRecording(await bustle.end());
  const expected = (tick: number) => {
    const replay = new Replay(recording, MAP);
    replay.seek(tick);
    return positionsOf(replay.bodies());
  };
  return { shown: new Playback(recording, MAP), expected };
}

function positionsOf(bodies: Map<string, { x: number; y: number }>): object {
  return Object.fromEntries([...bodies].map(([id, { x, y }]) => [id, { x, y }]));
}

test("the playback of a recording is paused at first, runs at the chosen speed, and stops at the end", async () => {
  const { shown, expected } = await playback();
  expect(shown.ticks).toBe(TICKS);
  shown.advance(1000);
  expect(shown.time).toBe(0);
  shown.playing = true;
  for (let frame = 0; frame < 100; frame++) shown.advance(10);
  expect(shown.time).toBeCloseTo(20, 6);
  shown.speed = 8;
  shown.advance(100);
  expect(shown.time).toBeCloseTo(36, 6);
  // A frame advances the time by at most 250 ms. So playback pauses while the page is in the background, where it draws
  // no frames.
  shown.speed = 1;
  shown.advance(60_000);
  expect(shown.time).toBeCloseTo(41, 6);
  shown.seek(TICKS - 10);
  shown.playing = true;
  for (let frame = 0; frame < 100; frame++) shown.advance(10);
  expect(shown).toMatchObject({ time: TICKS, playing: false, trouble: undefined });
  expect(positionsOf(shown.bodies())).toEqual(expected(TICKS));
});

test("playback shows the recorded positions of players at each whole tick, after playing and after seeking", async () => {
  const { shown, expected } = await playback();
  shown.playing = true;
  for (let tick = 1; tick <= 60; tick++) {
    shown.advance(50);
    if (tick % 20 === 0) expect(positionsOf(shown.bodies())).toEqual(expected(tick));
  }
  for (const tick of [2000, 30, 1200, 0]) {
    shown.seek(tick);
    expect(positionsOf(shown.bodies())).toEqual(expected(tick));
  }
});

test("playback interpolates the positions of players between two recorded ticks", async () => {
  const { shown, expected } = await playback();
  shown.seek(300);
  shown.playing = true;
  shown.advance(12.5);
  const [before, after] = [expected(300), expected(301)] as Record<string, { x: number; y: number }>[];
  for (const [id, { x, y }] of shown.bodies()) {
    const [from, to] = [before?.[id], after?.[id]];
    if (!from || !to) continue;
    expect({ x, y }).toEqual({ x: from.x + (to.x - from.x) / 4, y: from.y + (to.y - from.y) / 4 });
  }
});
