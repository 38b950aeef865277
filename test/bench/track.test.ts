// Tests Track, which finds movements of a client's own player that the client's inputs do not allow.
import { describe, expect, test } from "@jest/globals";
import { Track } from "../../bench/stress/siege/cluster/track.ts";

const [LEFT, RIGHT] = [0, 1];
const START = { x: 1000, y: 1000 };

/** Returns the track of a client that has walked ten steps to the right, one per 100 ms. All steps are acknowledged. */
function walkedTrack(): { track: Track; now: number } {
  const track = new Track();
  track.begin(0);
  track.frame(0, 0, START);
  for (let number = 1; number <= 10; number++) {
    track.sent(number, RIGHT);
    track.frame(100 * number, number, { x: START.x + 8 * number, y: START.y });
  }
  return { track, now: 1000 };
}

test("no fault is reported for a client that walks as its inputs say", () => {
  const { track, now } = walkedTrack();
  expect(track.figures(now)).toEqual({ stillMs: 100, wasMoved: false, faults: [] });
});

test("the stillness of a client is its longest time without an acknowledged input, even if that time has not ended", () => {
  const { track } = walkedTrack();
  track.sent(11, RIGHT);
  track.frame(1500, 10, { x: 1080, y: 1000 });
  expect(track.figures(2700).stillMs).toBe(1700);
  track.begin(2700);
  expect(track.figures(2750).stillMs).toBe(50);
});

describe("a fault is reported if a client", () => {
  test("is back where it was before an acknowledged input", () => {
    const { track } = walkedTrack();
    track.frame(1100, 10, { x: 1072, y: 1000 });
    expect(track.figures(1100).faults).toEqual(["moved 8 units with 0 inputs"]);
  });

  test("has not moved although its input was acknowledged", () => {
    const { track } = walkedTrack();
    track.sent(11, LEFT);
    track.frame(1100, 11, { x: 1080, y: 1000 });
    expect(track.figures(1100).faults).toEqual(["is at 1080,1000; its inputs lead to 1072,1000"]);
  });

  test("has moved twice with one input", () => {
    const { track } = walkedTrack();
    track.sent(11, RIGHT);
    track.frame(1100, 11, { x: 1096, y: 1000 });
    expect(track.figures(1100).faults).toEqual(["moved 16 units with 1 inputs"]);
  });

  test("walks faster than one step per tick", () => {
    const track = new Track();
    track.begin(0);
    for (let step = 0; step <= 100; step++) track.plainFrame(25 * step, { x: START.x + 8 * step, y: START.y });
    expect(track.figures(2500).faults[0]).toMatch(/^moved 8 units in 25 ms, and was too fast before$/);
  });

  test("resumes its session at a position that its unacknowledged inputs cannot reach", () => {
    const { track } = walkedTrack();
    track.sent(11, RIGHT);
    track.dropped();
    track.reconnected(2000, { x: 1000, y: 1000 });
    expect(track.figures(2000)).toMatchObject({
      wasMoved: true,
      faults: ["is 80 units from where it was, after 1 unacknowledged inputs"],
    });
  });
});

test("a fault is reported if a client whose queue was full moves more than its inputs say, but not if it moves less", () => {
  const { track } = walkedTrack();
  for (let number = 11; number <= 30; number++) track.sent(number, RIGHT);
  track.frame(3000, 22, { x: 1080, y: 1000 });
  for (let step = 1; step <= 8; step++) track.frame(3000 + 50 * step, 22 + step, { x: 1080 + 8 * step, y: 1000 });
  expect(track.figures(4000).faults).toEqual([]);
  track.frame(4000, 30, { x: 1152, y: 1000 });
  expect(track.figures(4000).faults).toEqual(["moved 8 units with 0 inputs"]);
});

test("no fault is reported if a client resumes at the position to which its unacknowledged inputs lead", () => {
  const { track } = walkedTrack();
  track.sent(11, RIGHT);
  track.sent(12, RIGHT);
  track.dropped();
  track.reconnected(2000, { x: 1096, y: 1000 });
  track.sent(1, LEFT);
  track.frame(2100, 1, { x: 1088, y: 1000 });
  expect(track.figures(2100).faults).toEqual([]);
});
