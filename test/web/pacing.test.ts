// The page's pacing: a page that has more on the way than the network explains leaves sends out.
import { describe, expect, test } from "@jest/globals";
import { TICK_HZ, TICK_MS } from "../../sim/rules.ts";
import { isStanding, maySend, Pacer } from "../../web/pacing.ts";

describe("maySend", () => {
  test("lets as much be on the way as the round trip takes, and two ticks", () => {
    expect(maySend(2, 0)).toBe(true);
    expect(maySend(3, 0)).toBe(false);
    expect(maySend(6, 200)).toBe(true);
    expect(maySend(7, 200)).toBe(false);
  });

  test("counts the round trip in milliseconds, not in whole ticks", () => {
    expect(maySend(3, 49)).toBe(false);
    expect(maySend(3, 50)).toBe(true);
  });
});

describe("isStanding", () => {
  test("says nothing before ten acknowledgements", () => {
    expect(isStanding(Array(9).fill(500), 20)).toBe(false);
    expect(isStanding(Array(10).fill(500), 20)).toBe(true);
  });

  test("takes one moment without a queue as proof that nothing stands", () => {
    expect(isStanding([120, 120, 120, 120, 60, 120, 120, 120, 120, 120], 20)).toBe(false);
  });

  test("counts the rest of a tick, and what measurements differ by, as part of the way", () => {
    expect(isStanding(Array(10).fill(80), 20)).toBe(false);
    expect(isStanding(Array(10).fill(81), 20)).toBe(true);
  });
});

/**
 * Walks for some ticks: a server that takes one input a tick, behind a way of `oneWay` ticks that stands still from
 * tick 100 for `stall` ticks. Gives the steps left out, and for each tick the inputs that waited at the server.
 */
function walk({ oneWay, stall = 0 }: { oneWay: number; stall?: number }) {
  const pacer = new Pacer();
  const onTheWayThere: { sentAt: number; arrives: number }[] = [];
  const onTheWayBack: { sentAt: number; arrives: number }[] = [];
  const queue: number[] = [];
  const waited: number[] = [];
  let unacknowledged = 0;
  let leftOut = 0;
  for (let now = 0; now < 400; now++) {
    const stands = now >= 100 && now < 100 + stall;
    while (!stands && onTheWayBack[0] && onTheWayBack[0].arrives <= now) {
      unacknowledged--;
      pacer.acknowledged((now - onTheWayBack.shift()!.sentAt) * TICK_MS);
    }
    if (pacer.judge(unacknowledged, oneWay * 2 * TICK_MS)) {
      unacknowledged++;
      onTheWayThere.push({ sentAt: now, arrives: now + oneWay });
    } else leftOut++;
    while (!stands && onTheWayThere[0] && onTheWayThere[0].arrives <= now) queue.push(onTheWayThere.shift()!.sentAt);
    // What arrived is taken in the tick that follows, and acknowledged at its end.
    const sentAt = queue.shift();
    if (sentAt !== undefined) onTheWayBack.push({ sentAt, arrives: now + oneWay + 1 });
    waited.push(queue.length);
  }
  return { leftOut, waited };
}

describe("Pacer", () => {
  test.each([0, 1, 2, 5])("leaves nothing out on a steady way of %i ticks", (oneWay) => {
    expect(walk({ oneWay }).leftOut).toBe(0);
  });

  test.each([0, 1, 2, 5])("has nothing waiting two seconds after a stall on a way of %i ticks", (oneWay) => {
    const { waited } = walk({ oneWay, stall: 30 });
    expect(Math.max(...waited)).toBeGreaterThan(0);
    expect(Math.max(...waited.slice(100 + 30 + 2 * TICK_HZ))).toBe(0);
  });
});
