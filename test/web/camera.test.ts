// What part of the world a screen shows.
import { describe, expect, test } from "@jest/globals";
import { ease, middleOf, zoomFor } from "../../web/camera.ts";

describe("zoomFor", () => {
  test.each([
    ["a laptop", 1280, 800, 2],
    ["a full HD screen", 1920, 1080, 3],
    ["a phone upright", 1170, 2532, 3],
    ["a very wide screen", 3440, 1440, 4],
    ["a window too small for anything", 120, 80, 1],
  ])("suits %s", (_, width, height, zoom) => {
    expect(zoomFor(width, height)).toBe(zoom);
  });
});

describe("middleOf", () => {
  test("is the player, away from the edges", () => {
    expect(middleOf(1000, 640, 2048)).toBe(1000);
  });

  test("shows nothing beyond the map", () => {
    expect(middleOf(20, 640, 2048)).toBe(320);
    expect(middleOf(2030, 640, 2048)).toBe(2048 - 320);
  });

  test("keeps a map that is smaller than the view in the middle of it", () => {
    expect(middleOf(20, 640, 288)).toBe(144);
  });
});

test("goes as far in two short frames as in a long one", () => {
  const left = (1 - ease(8)) * (1 - ease(8));
  expect(1 - left).toBeCloseTo(ease(16));
});
