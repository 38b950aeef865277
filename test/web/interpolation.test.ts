// Tests the drawn positions of other players, whose updates come at different rates.
import { expect, test } from "@jest/globals";
import { seededRandom } from "../../sim/random.ts";
import { Interpolation } from "../../web/interpolation.ts";

const FRAME_MS = 10;

/** Speeds in units per millisecond: FAST with a step in each tick, and SLOW with a step in every second tick. */
const FAST = 0.16;
const SLOW = 0.08;

/**
 * Draws a player in frames of 10 ms.
 * @param position the player's real x at a time. The server rounds it down to a whole step.
 * @param updates the times of the updates, in ascending order. All are multiples of 10.
 * @returns the drawn x after each frame.
 */
function draw(position: (time: number) => number, updates: number[]): Map<number, number> {
  const due = new Set(updates);
  const at = (time: number) => ({ x: Math.floor(position(time) / 8 + 1e-9) * 8, y: 0 });
  const player = new Interpolation(0, at(0));
  const drawn = new Map<number, number>();
  for (let time = FRAME_MS; time <= updates.at(-1)!; time += FRAME_MS) {
    if (due.has(time)) player.receive(time, at(time));
    player.advance(time, FRAME_MS);
    drawn.set(time, player.x);
  }
  return drawn;
}

const every = (interval: number, first: number, last: number) =>
  Array.from({ length: (last - first) / interval + 1 }, (_, index) => first + index * interval);

/** Returns the least and the most units per frame in a period. */
function speeds(drawn: Map<number, number>, from: number, to = Number.POSITIVE_INFINITY) {
  const xs = [...drawn].filter(([time]) => time >= from && time <= to).map(([, x]) => x);
  const each = xs.slice(1).map((x, index) => x - xs[index]!);
  return { least: Math.min(...each), most: Math.max(...each) };
}

test("a walking player with an update in each tick is drawn two ticks late, at its real speed", () => {
  const drawn = draw((time) => FAST * time, every(50, 50, 5000));
  for (const time of [3000, 3010, 3480, 5000]) expect(drawn.get(time)).toBeCloseTo(FAST * (time - 100), 2);
  expect(speeds(drawn, 3000).least).toBeCloseTo(1.6, 3);
  expect(speeds(drawn, 3000).most).toBeCloseTo(1.6, 3);
});

test("a walking player with an update in every 20th tick is drawn 21 ticks late, at its real speed", () => {
  const drawn = draw((time) => SLOW * time, every(1000, 1000, 9000));
  for (const time of [5000, 5010, 5990, 6000, 8440]) expect(drawn.get(time)).toBeCloseTo(SLOW * (time - 1050), 2);
  // Even the first updates of the player cause no jump.
  expect(speeds(drawn, 0).most).toBeLessThanOrEqual(0.8 + 1e-9);
});

test("a walking player with an update every 15 to 25 ticks is drawn without jumps and rarely stops", () => {
  const random = seededRandom(1);
  const updates: number[] = [];
  for (let time = 0; time < 100_000; ) {
    time += 50 * (15 + random(11));
    updates.push(time);
  }
  const drawn = draw((time) => SLOW * time, updates);
  expect(speeds(drawn, 5000).most).toBeLessThan(1.5 * 0.8);
  const xs = [...drawn.values()].slice(500);
  const stopped = xs.filter((x, index) => index > 0 && x - xs[index - 1]! < 0.01);
  expect(stopped.length / xs.length).toBeLessThan(0.02);
});

test("a player whose updates become frequent is drawn at up to 1.5 times its speed until its delay is short", () => {
  const drawn = draw((time) => SLOW * time, [...every(1000, 1000, 6000), ...every(50, 6050, 12_000)]);
  expect(drawn.get(6000)).toBeCloseTo(SLOW * (6000 - 1050), 2);
  // The player takes a step in every second tick, so its position changes every 100 ms. The delay shrinks towards
  // 150 ms: this interval and one more tick.
  expect(drawn.get(12_000)).toBeGreaterThan(SLOW * (12_000 - 200));
  expect(speeds(drawn, 5000).least).toBeGreaterThan(0.79);
  expect(speeds(drawn, 5000).most).toBeLessThanOrEqual(1.2 + 1e-9);
});

test("a walking player whose updates become rare stands still only once on the screen, and then walks on", () => {
  const drawn = draw((time) => FAST * time, [...every(50, 50, 4000), ...every(1000, 5000, 12_000)]);
  expect(drawn.get(4990)).toBeCloseTo(640, 5);
  expect(drawn.get(5010)! - drawn.get(4990)!).toBeLessThan(3.2);
  expect(drawn.get(6050)).toBeCloseTo(800, 0);
  expect(drawn.get(11_500)).toBeCloseTo(FAST * (11_500 - 1050), 2);
  expect(speeds(drawn, 0).most).toBeLessThanOrEqual(1.6 + 1e-9);
});

test("the first step of a player that has stood still for five seconds is drawn only two ticks late", () => {
  const drawn = draw((time) => Math.max(0, FAST * (time - 5000)), every(50, 50, 6000));
  // The server runs the step in the tick from 5000 to 5050. The page draws the step two ticks later, from 5100 to
  // 5150.
  expect(drawn.get(5100)).toBe(0);
  expect(drawn.get(5110)).toBeCloseTo(1.6, 5);
  expect(drawn.get(5150)).toBeCloseTo(8, 5);
  expect(drawn.get(5200)).toBeCloseTo(16, 5);
});

test("a player that stops is drawn up to its last position, and not beyond", () => {
  const drawn = draw((time) => FAST * Math.min(time, 4000), every(50, 50, 6000));
  expect(drawn.get(4090)).toBeLessThan(640);
  expect(drawn.get(4200)).toBe(640);
  expect(Math.max(...drawn.values())).toBe(640);
});

test("a player that moves farther than a player can walk is drawn at its new position in the next frame", () => {
  const jump = (steps: number, from: number) =>
    draw((time) => (time < from ? 0 : time < 9000 ? 8 : 8 + 8 * steps), [from, 9000]).get(9000);
  // In 1000 ms a player can take up to 30 steps of 8 units: 20 steps, one per tick, and 10 additional steps.
  expect(jump(31, 8000)).toBe(32 * 8);
  expect(jump(30, 8000)).toBeLessThan(2 * 8);
  // An interval of more than 1500 ms is treated as 1500 ms. So a player can take up to 40 steps in it: 30 + 10.
  expect(jump(41, 1000)).toBe(42 * 8);
  expect(jump(40, 1000)).toBe(8);
});

test("another player is drawn at its last position after ten minutes without a drawn frame, and walks on from there", () => {
  const player = new Interpolation(0, { x: 0, y: 0 });
  for (let tick = 1; tick <= 12_000; tick++) player.receive(50 * tick, { x: 8 * tick, y: 0 });
  player.advance(600_000, 600_000);
  expect(player.x).toBe(96_000);
  player.receive(600_050, { x: 96_008, y: 0 });
  for (let frame = 1; frame <= 30; frame++) player.advance(600_050 + 10 * frame, 10);
  expect(player.x).toBe(96_008);
});
