// The last minutes in memory: always enough of them, never too many bytes, and always beginning with a snapshot.
import { expect, test } from "@jest/globals";
import { KIND } from "../../replay/format.ts";
import { Ring } from "../../replay/ring.ts";

const sizeOf = (ring: Ring) => ring.frames().reduce((size, { length }) => size + length, 0);

test("it forgets a snapshot at a time, and holds as many ticks as it has to", () => {
  const ring = new Ring(120, 1e9);
  for (let tick = 0; tick <= 1000; tick++) {
    if (tick > 0) ring.add(new Uint8Array(10), KIND.second, tick);
    if (tick % 60 === 0) ring.add(new Uint8Array(100), KIND.snapshot, tick);
    const held = tick - ring.firstTick;
    expect(held).toBeGreaterThanOrEqual(Math.min(120, tick));
    expect(held).toBeLessThan(180);
    expect(ring.frames()[0]).toHaveLength(100);
  }
});

test("when it is full the next snapshot is all that is left", () => {
  const ring = new Ring(120, 5000);
  for (let tick = 0; tick <= 1000; tick++) {
    if (tick > 0) ring.add(new Uint8Array(500), KIND.second, tick);
    if (tick % 60 === 0 || ring.isFull) {
      const wasFull = ring.isFull;
      ring.add(new Uint8Array(100), KIND.snapshot, tick);
      expect(ring.isFull).toBe(false);
      if (wasFull) expect(ring.firstTick).toBe(tick);
    }
    expect(sizeOf(ring)).toBeLessThanOrEqual(5600);
    expect(ring.frames()[0]).toHaveLength(100);
  }
});
