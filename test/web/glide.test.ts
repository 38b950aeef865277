// The smoothed position at which a body is drawn.
import { expect, test } from "@jest/globals";
import { Glide } from "../../web/glide.ts";

test("the drawn point moves in the first frame after a step", () => {
  const glide = new Glide({ x: 100, y: 100 });
  glide.follow({ x: 108, y: 100 }, 16);
  expect(glide.x).toBeCloseTo(100 + 16 * 0.16);
  expect(glide.y).toBe(100);
});

test("the drawn point arrives exactly at the body one tick after a step", () => {
  const glide = new Glide({ x: 100, y: 100 });
  for (let frame = 0; frame < 4; frame++) glide.follow({ x: 100, y: 92 }, 16);
  expect(glide.y).toBe(92);
});

test("the drawn point catches up with a correction within half a second", () => {
  const glide = new Glide({ x: 100, y: 100 });
  for (let frame = 0; frame < 30; frame++) glide.follow({ x: 100, y: 180 }, 16);
  expect(glide.y).toBe(180);
});

test("the drawn point jumps over a large distance instead of gliding", () => {
  const glide = new Glide({ x: 100, y: 100 });
  glide.follow({ x: 900, y: 100 }, 16);
  expect(glide.x).toBe(900);
});
