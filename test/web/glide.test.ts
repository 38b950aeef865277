// How a body that jumps a step per tick is drawn.
import { expect, test } from "@jest/globals";
import { Glide } from "../../web/glide.ts";

test("moves in the first frame after a step", () => {
  const glide = new Glide({ x: 100, y: 100 });
  glide.follow({ x: 108, y: 100 }, 16);
  expect(glide.x).toBeCloseTo(100 + 16 * 0.16);
  expect(glide.y).toBe(100);
});

test("arrives exactly, after the tick that a step takes", () => {
  const glide = new Glide({ x: 100, y: 100 });
  for (let frame = 0; frame < 4; frame++) glide.follow({ x: 100, y: 92 }, 16);
  expect(glide.y).toBe(92);
});

test("makes up for a correction within half a second", () => {
  const glide = new Glide({ x: 100, y: 100 });
  for (let frame = 0; frame < 30; frame++) glide.follow({ x: 100, y: 180 }, 16);
  expect(glide.y).toBe(180);
});

test("does not glide across the map", () => {
  const glide = new Glide({ x: 100, y: 100 });
  glide.follow({ x: 900, y: 100 }, 16);
  expect(glide.x).toBe(900);
});
