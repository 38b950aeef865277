// Tests the page's pacing: it skips inputs while too many inputs are unacknowledged. The allowed number grows with the
// round trip.
import { describe, expect, test } from "@jest/globals";
import { TICK_HZ, TICK_MS } from "../../sim/rules.ts";
import { hasStandingQueue, maySend, Pacer } from "../../web/pacing.ts";

describe("the limit of unacknowledged inputs:", () => {
  test("maySend() returns true up to a limit of unacknowledged inputs: two, plus one for each tick of the round trip", () => {
    expect(maySend(2, 0)).toBe(true);
    expect(maySend(3, 0)).toBe(false);
    expect(maySend(6, 200)).toBe(true);
    expect(maySend(7, 200)).toBe(false);
  });

  test("maySend() counts only whole ticks of the round trip", () => {
    expect(maySend(3, 49)).toBe(false);
    expect(maySend(3, 50)).toBe(true);
  });
});

describe("queues on the server:", () => {
  test("hasStandingQueue() detects a queue of inputs on the server only after ten acknowledgements", () => {
    expect(hasStandingQueue(Array(9).fill(500), 20)).toBe(false);
    expect(hasStandingQueue(Array(10).fill(500), 20)).toBe(true);
  });

  test("hasStandingQueue() detects no queue on the server if one of the last ten acknowledgements was fast", () => {
    expect(hasStandingQueue([120, 120, 120, 120, 60, 120, 120, 120, 120, 120], 20)).toBe(false);
  });

  test("hasStandingQueue() detects a queue only if acknowledgements take longer than the round trip plus one tick plus 10 ms", () => {
    expect(hasStandingQueue(Array(10).fill(80), 20)).toBe(false);
    expect(hasStandingQueue(Array(10).fill(81), 20)).toBe(true);
  });
});

/**
 * Simulates a walk of 400 ticks. The server processes one input per tick. The network delays messages by `oneWay` ticks
 * each way, and stalls for `stall` ticks from tick 100.
 * @returns the number of skipped sends, and the length of the server's queue in each tick.
 */
function walk({ oneWay, stall = 0 }: { oneWay: number; stall?: number }) {
  const pacer = new Pacer();
  const outgoing: { sentAt: number; arrives: number }[] = [];
  const incoming: { sentAt: number; arrives: number }[] = [];
  const queue: number[] = [];
  const queueLengths: number[] = [];
  let unacknowledged = 0;
  let skipped = 0;
  for (let now = 0; now < 400; now++) {
    const stalled = now >= 100 && now < 100 + stall;
    while (!stalled && incoming[0] && incoming[0].arrives <= now) {
      unacknowledged--;
      pacer.acknowledged((now - incoming.shift()!.sentAt) * TICK_MS);
    }
    if (pacer.shouldSend(unacknowledged, oneWay * 2 * TICK_MS)) {
      unacknowledged++;
      outgoing.push({ sentAt: now, arrives: now + oneWay });
    } else skipped++;
    while (!stalled && outgoing[0] && outgoing[0].arrives <= now) queue.push(outgoing.shift()!.sentAt);
    // The server processes an input in the tick after its arrival, and acknowledges it at the end of that tick.
    const sentAt = queue.shift();
    if (sentAt !== undefined) incoming.push({ sentAt, arrives: now + oneWay + 1 });
    queueLengths.push(queue.length);
  }
  return { skipped, queueLengths };
}

describe("the pacer:", () => {
  test.each([0, 1, 2, 5])("the pacer skips no inputs on a steady network (delay each way: %i ticks)", (oneWay) => {
    expect(walk({ oneWay }).skipped).toBe(0);
  });

  test.each([0, 1, 2, 5])(
    "the pacer empties the server's queue within two seconds after a network stall (delay each way: %i ticks)",
    (oneWay) => {
      const { queueLengths } = walk({ oneWay, stall: 30 });
      expect(Math.max(...queueLengths)).toBeGreaterThan(0);
      expect(Math.max(...queueLengths.slice(100 + 30 + 2 * TICK_HZ))).toBe(0);
    },
  );
});
