import { describe, expect, test } from "@jest/globals";
import {
  arrivalClock,
  isNearest,
  NEAREST,
  type Observations,
  reachOf,
  roomClock,
  stalenessOf,
  Track,
} from "../../bench/harness/probes/staleness.ts";

/**
 * Returns the positions of a player on the x axis over time. Each entry is a time and the x from then on. After an
 * entry without an x, the client does not know the player.
 */
function trackOf(...entries: [at: number, x?: number][]): Track {
  const track = new Track();
  for (const [at, x] of entries) track.add(at, x === undefined ? undefined : { x, y: 0 });
  return track;
}

describe("the staleness of a shown position", () => {
  const truth = trackOf([0, 100], [1000, 108], [1100, 116], [1200, 108], [1300, 116]);
  const staleness = (x: number, time: number) => truth.staleness({ x, y: 0, at: 0 }, time);

  test("is 0 up to and including the tick in which the player leaves the shown position", () => {
    expect([staleness(100, 999), staleness(100, 1000), staleness(108, 1050)]).toEqual([0, 0, 0]);
  });

  test("is the time since the player left the shown position, however often the player has moved since then", () => {
    expect(staleness(100, 1050)).toBe(50);
    expect(staleness(100, 1150)).toBe(150);
    expect(staleness(100, 1400)).toBe(400);
  });

  test("counts from the last time that the player left the position, if the player was there several times", () => {
    expect(staleness(108, 1190)).toBe(90);
    expect(staleness(108, 1250)).toBe(0);
    expect(staleness(108, 1350)).toBe(50);
  });

  test("counts from the time of the first known position if the player was never at the shown position", () => {
    expect(staleness(500, 1050)).toBe(1050);
    expect(trackOf([40, 100]).staleness({ x: 100, y: 1, at: 0 }, 90)).toBe(50);
  });

  test("is 0 if the client shows a position at most `lead` milliseconds before the player's own client does", () => {
    const shown = { x: 116, y: 0, at: 1250 };
    expect([0, 40, 60].map((lead) => truth.staleness(shown, 1260, lead))).toEqual([60, 60, 0]);
    // The client has shown this position since 1000, so the lead of 60 ms ends at 1060. At 1150 the position is out of
    // date, because the player left it at 1100.
    expect(truth.staleness({ x: 108, y: 0, at: 1000 }, 1150, 60)).toBe(50);
  });

  test("is measured for the position that Track.at() returns: the last one recorded up to the given time", () => {
    const track = trackOf([10, 1], [20], [30, 3]);
    expect([5, 10, 19, 20, 30, 99].map((time) => track.at(time)?.x)).toEqual([undefined, 1, 1, undefined, 3, 3]);
  });
});

describe("the nearest players of a client", () => {
  const own = { x: 0, y: 0 };
  /** Other players on the x axis at the distances 1, 2, 3 and so on. */
  const row = (count: number) => Array.from({ length: count }, (_, index) => ({ x: index + 1, y: 0 }));

  test("include every player if the client shows at most 30 other players", () => {
    const reach = reachOf(own, [own, ...row(NEAREST)]);
    expect(reach).toEqual({ last: 900, next: Number.POSITIVE_INFINITY });
    expect(isNearest(own, { x: 4000, y: 0 }, { x: 30, y: 0 }, reach)).toBe(true);
  });

  test("exclude a player if the client shows 30 other players at least as near as this player's real position", () => {
    const reach = reachOf(own, row(40).reverse());
    expect(reach).toEqual({ last: 900, next: 961 });
    const isNear = (real: number, shown: number) => isNearest(own, { x: real, y: 0 }, { x: shown, y: 0 }, reach);
    // The client shows the tested player at 40, so this player is not one of the 30 players shown within 30 units.
    expect([isNear(29, 40), isNear(30, 40), isNear(31, 40)]).toEqual([true, false, false]);
    // The client shows the tested player at 5, so this player is one of the 30 players shown within 30 units.
    expect([isNear(30, 5), isNear(31, 5)]).toEqual([true, false]);
  });
});

describe("stalenessOf(), which measures the age of shown positions,", () => {
  const reachOfAll = { last: Number.POSITIVE_INFINITY, next: Number.POSITIVE_INFINITY };
  const reachOfNone = { last: 0, next: 0 };
  const still: Observations = { id: "still", own: trackOf([0, 50]), shown: new Map(), reaches: [] };
  const clock = roomClock([1200, 1000, 1100, 1050, 1150]);
  const walker: Observations = {
    id: "walker",
    own: trackOf([0, 100], [1000, 108], [1100, 116], [1200, 124]),
    shown: new Map(),
    reaches: [],
  };
  const measure = (shown: Track, reaches: Observations["reaches"]) =>
    stalenessOf([{ ...still, shown: new Map([["walker", shown]]), reaches }, walker], clock);

  test("measures each player in sight at each tick, separately for the nearest players and for the others", () => {
    // At the five ticks of the room's clock, the client is 0, 1, 2, 0 and 0 ticks behind.
    const shown = trackOf([0, 100], [1150, 116], [1200, 124]);
    const all = { p50: 0, p99: 2, max: 2, samples: 5 };
    expect(measure(shown, [{ at: 1000, reach: reachOfAll }])).toEqual({ all, nearest: all });
    expect(measure(shown, [{ at: 1000, reach: reachOfNone }])).toEqual({ all, others: all });
    const changes = [
      { at: 1000, reach: reachOfAll },
      { at: 1100, reach: reachOfNone },
    ];
    expect(measure(shown, changes)).toEqual({
      all,
      nearest: { p50: 0, p99: 1, max: 1, samples: 2 },
      others: { p50: 0, p99: 2, max: 2, samples: 3 },
    });
  });

  test("ignores players that the client does not know, and the time before the measuring window", () => {
    expect(measure(trackOf([0]), [{ at: 1000, reach: reachOfAll }])).toEqual({});
    expect(measure(trackOf([0], [1200, 116]), [{ at: 1000, reach: reachOfAll }]).all).toEqual({
      p50: 0,
      p99: 0,
      max: 0,
      samples: 1,
    });
    expect(measure(trackOf([0, 100]), [{ at: 1150, reach: reachOfAll }]).all).toMatchObject({ samples: 2, max: 4 });
  });
});

test("roomClock() rounds the age of a position to the nearest tick, and arrivalClock() rounds the age down", () => {
  expect([74, 75, 49, 24].map(roomClock([]).ticksOf)).toEqual([1, 2, 1, 0]);
  expect([74, 75, 49, 100].map(arrivalClock(0, 0).ticksOf)).toEqual([1, 1, 0, 2]);
  expect(roomClock(new Set([30, 4, 200])).times).toEqual([4, 30, 200]);
  expect(arrivalClock(7, 160).times).toEqual([7, 57, 107]);
});
