// What part of the world the screen shows: how large, and around which point.

/** Units of the world along the shorter side of the screen, roughly. */
const SHORT_SIDE = 370;

/** Units along the longer side at most: much farther away the server need not show anybody. */
const LONG_SIDE = 880;

/** Milliseconds in which the camera makes up most of its way to the player. */
const EASE_MS = 110;

/** A whole number, so that every pixel of a tile is as large as the next. Sizes in real pixels of the screen. */
export function zoomFor(width: number, height: number): number {
  const wanted = Math.round(Math.min(width, height) / SHORT_SIDE);
  return Math.max(1, wanted, Math.ceil(Math.max(width, height) / LONG_SIDE));
}

/** The middle of the view on one axis: the player, but nothing beyond the map as long as the map fills the view. */
export function middleOf(player: number, view: number, map: number): number {
  if (view >= map) return map / 2;
  return Math.min(map - view / 2, Math.max(view / 2, player));
}

/** Part of the way to the player that a camera makes in a frame of so many milliseconds, at any frame rate. */
export function ease(milliseconds: number): number {
  return 1 - Math.exp(-milliseconds / EASE_MS);
}
