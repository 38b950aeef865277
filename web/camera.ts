// The zoom and the centre of the camera, which determine the visible part of the world.

/** Approximate units of the world along the shorter side of the screen. */
const SHORT_SIDE = 370;

/** Maximum units along the longer side of the screen: the server need not send players who are much farther away. */
const MAX_LONG_SIDE = 880;

/** Time constant of the camera in milliseconds: within it, the camera covers 63 % of its distance to the player. */
const EASE_MS = 110;

/** Returns the zoom for a screen in device pixels: a whole number, so that all pixels of a tile have one size. */
export function zoomFor(width: number, height: number): number {
  const preferred = Math.round(Math.min(width, height) / SHORT_SIDE);
  return Math.max(1, preferred, Math.ceil(Math.max(width, height) / MAX_LONG_SIDE));
}

/**
 * Returns the centre of the view on one axis. It is the player's position, limited so that the view shows only the map.
 * A map that is smaller than the view is centred in it.
 */
export function middleOf(player: number, view: number, map: number): number {
  if (view >= map) return map / 2;
  return Math.min(map - view / 2, Math.max(view / 2, player));
}

/**
 * Returns the share of its distance to the player that the camera covers in a frame of this length. The camera's speed
 * does not depend on the frame rate.
 */
export function ease(milliseconds: number): number {
  return 1 - Math.exp(-milliseconds / EASE_MS);
}
