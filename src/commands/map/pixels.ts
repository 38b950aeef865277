// Draws on a picture in memory.
import type { PNG } from "pngjs";
import type { Turn } from "../../../tiled/gid.ts";
import type { Area } from "../../../tiled/model.ts";

/** Red, green, blue and opacity; each from 0 to 255. */
export type Color = readonly [red: number, green: number, blue: number, opacity: number];

/** Blends a color over an area, given in pixels of the picture. Ignores the part of the area outside the picture. */
export function fillArea(picture: PNG, area: Area, color: Color): void {
  eachPixel(picture, area, (at) => blend(picture.data, at, color));
}

/**
 * Draws a part of an image over an area of the picture. The part is turned, and scaled to the size of the area.
 * @param opacity from 0 to 1.
 */
export function drawImage(picture: PNG, area: Area, image: PNG, part: Area, turn: Turn, opacity: number): void {
  eachPixel(picture, area, (at, across, down) => {
    let u = turn.flippedHorizontally ? 1 - across : across;
    let v = turn.flippedVertically ? 1 - down : down;
    if (turn.flippedDiagonally) [u, v] = [v, u];
    const x = Math.floor(part.x + u * part.width);
    const y = Math.floor(part.y + v * part.height);
    if (x < 0 || y < 0 || x >= image.width || y >= image.height) return;
    const from = (y * image.width + x) * 4;
    const [red = 0, green = 0, blue = 0, alpha = 0] = image.data.subarray(from, from + 4);
    blend(picture.data, at, [red, green, blue, alpha * opacity]);
  });
}

/**
 * Calls `visit` for each pixel of an area. `at` is the index of the pixel in the picture's data. `across` and `down`
 * are the position of the pixel in the area, from 0 to 1.
 */
function eachPixel(
  { width, height }: PNG,
  area: Area,
  visit: (at: number, across: number, down: number) => void,
): void {
  const right = Math.min(width, Math.round(area.x + area.width));
  const bottom = Math.min(height, Math.round(area.y + area.height));
  for (let y = Math.max(0, Math.round(area.y)); y < bottom; y++) {
    for (let x = Math.max(0, Math.round(area.x)); x < right; x++) {
      visit((y * width + x) * 4, (x + 0.5 - area.x) / area.width, (y + 0.5 - area.y) / area.height);
    }
  }
}

/** Blends a color over an opaque or empty pixel. */
function blend(data: Buffer, at: number, [red, green, blue, opacity]: Color): void {
  const share = opacity / 255;
  data[at] = data[at]! + (red - data[at]!) * share;
  data[at + 1] = data[at + 1]! + (green - data[at + 1]!) * share;
  data[at + 2] = data[at + 2]! + (blue - data[at + 2]!) * share;
  data[at + 3] = Math.max(data[at + 3]!, opacity);
}
