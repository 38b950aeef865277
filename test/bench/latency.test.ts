import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Leg, percentile } from "../../bench/harness/probes/latency.ts";

// A probe is a client of the benchmark that measures latency. A leg is a part of its walk in one direction.
describe("Leg, which measures the moves of a benchmark's probe in one direction,", () => {
  test("measures the latency as the time from a move to the first frame that shows the move", () => {
    const leg = new Leg(1000, 1);
    leg.sent(10);
    expect(leg.shown(1000, 20)).toEqual([]);
    leg.sent(110);
    expect(leg.shown(1008, 130)).toEqual([{ sentAt: 10, latency: 120 }]);
    expect(leg.shown(1008, 180)).toEqual([]);
    expect(leg.pending).toBe(1);
    expect(leg.shown(1016, 190)).toEqual([{ sentAt: 110, latency: 80 }]);
    expect(leg.pending).toBe(0);
    expect(leg.length).toBe(16);
  });

  test("measures each move's latency if several moves first appear in the same frame", () => {
    const leg = new Leg(1000, -1);
    for (const now of [0, 100, 200]) leg.sent(now);
    expect(leg.shown(976, 250).map(({ latency }) => latency)).toEqual([250, 150, 50]);
  });

  test("measures the latency of a move even if the coordinates are not whole numbers", () => {
    const leg = new Leg(1000.3333, 1);
    leg.sent(0);
    expect(leg.shown(Math.fround(1008.3333), 5)).toEqual([{ sentAt: 0, latency: 5 }]);
  });

  test("returns no latency for a move that was not sent", () => {
    const leg = new Leg(0, 1);
    leg.sent(0);
    expect(leg.shown(80, 5)).toHaveLength(1);
    expect(leg.shown(-80, 6)).toEqual([]);
    expect(leg.pending).toBe(0);
  });

  test("measures every move exactly once, whatever the order in which moves are sent and frames arrive", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 100 }), (isMove) => {
        const leg = new Leg(500, 1);
        let sent = 0;
        let samples = 0;
        for (const [now, move] of isMove.entries()) {
          if (move) {
            leg.sent(now);
            sent++;
          } else {
            const shown = leg.shown(500 + 8 * sent, now);
            expect(shown.every(({ latency }) => latency > 0)).toBe(true);
            samples += shown.length;
          }
        }
        expect(samples + leg.pending).toBe(sent);
      }),
    );
  });
});

describe("percentile", () => {
  test("returns the nearest-rank percentile, and NaN if there are no values", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(values, 0.5)).toBe(50);
    expect(percentile(values, 0.99)).toBe(99);
    expect(percentile(values, 1)).toBe(100);
    expect(percentile([7], 0.5)).toBe(7);
    expect(percentile([], 0.5)).toBeNaN();
  });
});
