// Tests the ring buffer of a recording's last minutes: it keeps enough ticks, limits its bytes, and always begins with
// a snapshot.
import { expect, test } from "@jest/globals";
import { KIND } from "../../replay/format.ts";
import { Ring } from "../../replay/ring.ts";

const sizeOf = (ring: Ring) => ring.frames().reduce((size, { length }) => size + length, 0);

test("the ring buffer keeps at least the minimum number of ticks, and exceeds it by less than one snapshot interval", () => {
  const ring = new Ring(120, 1e9);
  for (let tick = 0; tick <= 1000; tick++) {
    if (tick > 0) ring.add(new Uint8Array(10), KIND.second, tick);
    if (tick % 60 === 0) ring.add(new Uint8Array(100), KIND.snapshot, tick);
    const keptTicks = tick - ring.firstTick;
    expect(keptTicks).toBeGreaterThanOrEqual(Math.min(120, tick));
    expect(keptTicks).toBeLessThan(180);
    expect(ring.frames()[0]).toHaveLength(100);
  }
});

test("a full ring buffer drops all earlier frames when the next snapshot is added", () => {
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
