// Tests which part of the map the page shows.
import { describe, expect, test } from "@jest/globals";
import { ease, middleOf, OVERHANG, zoomFor } from "../../web/camera.ts";

describe("zoomFor", () => {
  test.each([
    ["a laptop", 1280, 800, 2],
    ["a full HD screen", 1920, 1080, 3],
    ["a phone in portrait", 1170, 2532, 3],
    ["a very wide screen", 3440, 1440, 4],
    ["a tiny window", 120, 80, 1],
  ])("for %s of %i × %i pixels, the zoom is %i", (_, width, height, zoom) => {
    expect(zoomFor(width, height)).toBe(zoom);
  });
});

const NONE = { before: 0, after: 0 };

describe("middleOf", () => {
  test("the view is centred on the player if the map's edges are far away", () => {
    expect(middleOf(1000, 640, 2048, NONE)).toBe(1000);
  });

  test("the view ends at the map's edge if the player is near the edge and there is no overhang", () => {
    expect(middleOf(20, 640, 2048, NONE)).toBe(320);
    expect(middleOf(2030, 640, 2048, NONE)).toBe(2048 - 320);
  });

  test("the view extends beyond the map's edge by the overhang if the player is near the edge", () => {
    expect(middleOf(12, 640, 2048, OVERHANG.y)).toBe(320 - OVERHANG.y.before);
    expect(middleOf(2036, 640, 2048, OVERHANG.x)).toBe(2048 + OVERHANG.x.after - 320);
  });

  test("a map that is smaller than the view is in the middle of the view", () => {
    expect(middleOf(20, 640, 288, NONE)).toBe(144);
  });
});

test("the camera moves as far in two frames of 8 ms as in one frame of 16 ms", () => {
  const left = (1 - ease(8)) * (1 - ease(8));
  expect(1 - left).toBeCloseTo(ease(16));
});
