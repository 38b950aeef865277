// The part of the world that a screen shows.
import { describe, expect, test } from "@jest/globals";
import { ease, middleOf, zoomFor } from "../../web/camera.ts";

describe("zoomFor", () => {
  test.each([
    ["a laptop", 1280, 800, 2],
    ["a full HD screen", 1920, 1080, 3],
    ["a phone in portrait", 1170, 2532, 3],
    ["a very wide screen", 3440, 1440, 4],
    ["a tiny window", 120, 80, 1],
  ])("on %s of %i × %i pixels the zoom is %i", (_, width, height, zoom) => {
    expect(zoomFor(width, height)).toBe(zoom);
  });
});

describe("middleOf", () => {
  test("far from the edges the view is centred on the player", () => {
    expect(middleOf(1000, 640, 2048)).toBe(1000);
  });

  test("at an edge the view ends at the map's edge", () => {
    expect(middleOf(20, 640, 2048)).toBe(320);
    expect(middleOf(2030, 640, 2048)).toBe(2048 - 320);
  });

  test("a map that is smaller than the view is centred in it", () => {
    expect(middleOf(20, 640, 288)).toBe(144);
  });
});

test("the camera moves as far in two short frames as in one long frame", () => {
  const left = (1 - ease(8)) * (1 - ease(8));
  expect(1 - left).toBeCloseTo(ease(16));
});
