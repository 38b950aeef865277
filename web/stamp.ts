// Draws one tile on a canvas.

import type { DrawnFrame, DrawnTile } from "../tiled/drawing/drawing.ts";
import type { Area } from "../tiled/model.ts";
import type { Picture } from "./ground.ts";

/** The frame that a tile shows, and the time at which the next frame follows; infinite if the tile is not animated. */
export interface Moment {
  readonly frame: DrawnFrame;
  readonly until: number;
}

/** Returns the frame of a tile at `now`, in milliseconds. All tiles of the same kind change at the same time. */
export function momentOf({ frames }: DrawnTile, now: number): Moment {
  const [first] = frames;
  const total = frames.reduce((sum, { duration }) => sum + duration, 0);
  if (frames.length === 1 || total <= 0) return { frame: first!, until: Number.POSITIVE_INFINITY };
  let left = now % total;
  for (const frame of frames) {
    if (left < frame.duration) return { frame, until: now + frame.duration - left };
    left -= frame.duration;
  }
  return { frame: first!, until: now };
}

/**
 * Draws a frame of a tile, turned and scaled to an area.
 * @param rotation in degrees, clockwise around the middle of the area.
 */
export function stamp(
  context: CanvasRenderingContext2D,
  picture: Picture,
  { swap, flipX, flipY }: DrawnTile,
  { part = { x: 0, y: 0, width: picture.width, height: picture.height } }: DrawnFrame,
  { x, y, width, height }: Area,
  rotation = 0,
): void {
  const { x: left, y: top, width: across, height: down } = part;
  if (!swap && !flipX && !flipY && rotation === 0) {
    context.drawImage(picture, left, top, across, down, x, y, width, height);
    return;
  }
  context.save();
  context.translate(x + width / 2, y + height / 2);
  context.rotate((rotation * Math.PI) / 180);
  context.scale(flipX ? -1 : 1, flipY ? -1 : 1);
  // The swap of x and y must come before the flips. So it is added last, because the canvas applies the last
  // transformation first.
  if (swap) context.transform(0, 1, 1, 0, 0, 0);
  const [w, h] = swap ? [height, width] : [width, height];
  context.drawImage(picture, left, top, across, down, -w / 2, -h / 2, w, h);
  context.restore();
}
