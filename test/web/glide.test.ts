// Tests the smoothed position at which the page draws a body.
import { expect, test } from "@jest/globals";
import { Glide } from "../../web/glide.ts";

test("a body's drawn position moves in the first frame after a step of the body", () => {
  const glide = new Glide({ x: 100, y: 100 });
  glide.follow({ x: 108, y: 100 }, 16);
  expect(glide.x).toBeCloseTo(100 + 16 * 0.16);
  expect(glide.y).toBe(100);
});

test("a body's drawn position has reached the body's real position one tick after a step", () => {
  const glide = new Glide({ x: 100, y: 100 });
  for (let frame = 0; frame < 4; frame++) glide.follow({ x: 100, y: 92 }, 16);
  expect(glide.y).toBe(92);
});

test("within half a second, a body's drawn position reaches a position that is 80 units away", () => {
  const glide = new Glide({ x: 100, y: 100 });
  for (let frame = 0; frame < 30; frame++) glide.follow({ x: 100, y: 180 }, 16);
  expect(glide.y).toBe(180);
});

test("a body's drawn position jumps to a position that is 800 units away", () => {
  const glide = new Glide({ x: 100, y: 100 });
  glide.follow({ x: 900, y: 100 }, 16);
  expect(glide.x).toBe(900);
});
