// The mosaic in the centre of the plaza: a compass rose with each direction in its traditional colour.

import { Canvas, type Color, mix, TILE } from "./canvas.ts";
import { slab } from "./ground.ts";
import {
  BRICK,
  CENTRE_YELLOW,
  EAST_BLUE,
  LIGHT,
  NORTH_BLACK,
  PAVING,
  SHADOW,
  SOUTH_RED,
  STONE,
  WEST_WHITE,
} from "./palette.ts";
import { hash } from "./random.ts";

const SIDE_TILES = 6;
const CENTER = (SIDE_TILES * TILE) / 2;
/** The mosaic consists of concentric rings of stones. This is the width of one ring, in pixels. */
const COURSE = 6;

export function mosaic(): Canvas {
  const picture = new Canvas(SIDE_TILES * TILE, SIDE_TILES * TILE);
  for (let tile = 0; tile < SIDE_TILES ** 2; tile++) {
    picture.draw(slab(tile), (tile % SIDE_TILES) * TILE, Math.floor(tile / SIDE_TILES) * TILE);
  }
  picture.each((x, y) => {
    const dx = x + 0.5 - CENTER;
    const dy = y + 0.5 - CENTER;
    const radius = Math.hypot(dx, dy);
    if (radius < 94) picture.set(x, y, weathered(design(dx, dy, radius), dx, dy, radius));
  });
  return picture;
}

/** Returns the colour of the design at a point relative to the centre. */
function design(dx: number, dy: number, radius: number): Color {
  if (radius > 90) return STONE[4];
  if (radius > 78) return ring(dx, dy);
  if (radius > 75) return STONE[4];
  if (radius < 17) return radius > 14 ? STONE[4] : CENTRE_YELLOW;
  return ray(dx, dy) ?? minorRay(dx, dy) ?? (radius > 52 ? PAVING[1] : PAVING[2]);
}

/** Returns the colour of the outer ring, which alternates between brick red and pale stone. */
function ring(dx: number, dy: number): Color {
  const turn = Math.atan2(dy, dx) / (2 * Math.PI) + 1;
  return Math.floor(turn * 32 + 0.5) % 2 ? BRICK[2] : PAVING[1];
}

/** Returns the colour of the four long rays at a point; undefined outside them. Each is half lit and half in shade. */
function ray(dx: number, dy: number): Color | undefined {
  const vertical = Math.abs(dy) > Math.abs(dx);
  const along = vertical ? Math.abs(dy) : Math.abs(dx);
  const aside = vertical ? dx : dy;
  const halfWidth = along < 34 ? (along - 10) * 0.75 : ((74 - along) / 40) * 18;
  if (Math.abs(aside) > halfWidth) return undefined;
  const color = vertical ? (dy < 0 ? NORTH_BLACK : SOUTH_RED) : dx < 0 ? WEST_WHITE : EAST_BLUE;
  if (Math.abs(aside) > halfWidth - 1.3) return mix(color, SHADOW, 0.45);
  return aside < 0 ? mix(color, LIGHT, 0.16) : mix(color, SHADOW, 0.16);
}

/** Returns the colour of the four short yellow rays between the long rays; undefined outside the short rays. */
function minorRay(dx: number, dy: number): Color | undefined {
  const along = (Math.abs(dx) + Math.abs(dy)) / Math.SQRT2;
  const aside = (Math.abs(dx) - Math.abs(dy)) / Math.SQRT2;
  const halfWidth = ((62 - along) / 62) * 13;
  if (Math.abs(aside) > halfWidth || along > 62) return undefined;
  return mix(CENTRE_YELLOW, aside < 0 ? LIGHT : BRICK[3], 0.3);
}

/** Returns `color` as it appears at a point of the mosaic. Joints are darker, and the stones differ in brightness. */
function weathered(color: Color, dx: number, dy: number, radius: number): Color {
  const course = Math.floor(radius / COURSE);
  const stones = Math.max(6, Math.round(course * 5.4));
  const turn = (Math.atan2(dy, dx) / (2 * Math.PI) + 1 + course * 0.37) * stones;
  const stone = Math.floor(turn);
  const jointWidth = stones / (2 * Math.PI * Math.max(radius, 4));
  const inJoint = radius - course * COURSE < 1 || turn - stone < jointWidth;
  const tint = hash(stone, course, 9);
  const worn = mix(color, tint > 0.5 ? LIGHT : SHADOW, Math.abs(tint - 0.5) * 0.24);
  return inJoint ? mix(worn, SHADOW, 0.22) : worn;
}
