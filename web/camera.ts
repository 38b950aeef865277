// The zoom and the centre of the camera, which determine the visible part of the world.

/** Approximate number of units of the world along the shorter side of the screen. */
const SHORT_SIDE = 370;

/** Maximum units along the longer side of the screen, because the server does not send players who are far away. */
const MAX_LONG_SIDE = 880;

/** Time constant of the camera in milliseconds: in this time, the camera covers 63 % of its distance to the player. */
const EASE_MS = 110;

/** Returns the zoom for a screen in device pixels. It is a whole number, so all pixels of a tile have the same size. */
export function zoomFor(width: number, height: number): number {
  const preferred = Math.round(Math.min(width, height) / SHORT_SIDE);
  return Math.max(1, preferred, Math.ceil(Math.max(width, height) / MAX_LONG_SIDE));
}

/** Units that the view may show beyond an edge of the map. */
interface Overhang {
  before: number;
  after: number;
}

/** The overhang on each axis: enough for the head and the name of a player who stands at an edge. */
export const OVERHANG: Readonly<Record<"x" | "y", Overhang>> = {
  x: { before: 20, after: 20 },
  y: { before: 32, after: 0 },
};

/**
 * Returns the centre of the view on one axis. It is the player's position, limited so that the view shows only the map
 * and an overhang. A map that is smaller than the view is centred in it.
 */
export function middleOf(player: number, view: number, map: number, { before, after }: Overhang): number {
  if (view >= before + map + after) return (map + after - before) / 2;
  return Math.min(map + after - view / 2, Math.max(view / 2 - before, player));
}

/**
 * In each frame the camera covers a share of its distance to the player. Returns this share for a frame of the given
 * length. The formula makes the camera's speed independent of the frame rate.
 */
export function ease(milliseconds: number): number {
  return 1 - Math.exp(-milliseconds / EASE_MS);
}
