// Images of water: ponds with a grassy or a stone edge, lotus, and the fountain.

import { Canvas, type Color, TILE } from "./canvas.ts";
import { CHERRY, DIRT, GRASS, INK, LIGHT, SHADOW, STONE, WATER } from "./palette.ts";
import { hash, noise, seededRandom } from "./random.ts";

/** Whether a neighbour of a tile, by column (-1 to 1) and row (-1 to 1), belongs to the same pond. */
export type Shore = (column: number, row: number) => boolean;

/** Draws a tile of open water. The glints do not touch the border. */
function water(seed: number): Canvas {
  const tile = new Canvas();
  const random = seededRandom(seed);
  tile.rect(0, 0, TILE, TILE, WATER[3]);
  for (let wave = 0; wave < 5; wave++) {
    const length = random.int(4, 9);
    const x = random.int(2, 29 - length);
    const y = 3 + wave * 6 + random.int(-1, 2);
    tile.rect(x, y, length, 1, WATER[2]);
    tile.rect(x + 2, y + 1, length - 1, 1, WATER[4], 0.45);
    if (random.bool(0.4)) tile.rect(x + 1, y, 2, 1, WATER[1]);
  }
  return tile;
}

/** Draws a natural pond: turf, a bank of earth, and water. Pixels outside the pond stay transparent. */
export function pond(shore: Shore, seed: number): Canvas {
  const tile = water(seed);
  const bank = new Canvas();
  tile.each((x, y) => {
    const depth = fromShore(shore, x, y, 20) + (noise(x, y, 5, 71) - 0.5) * calm(x, y) * 3;
    const under = fromShore(shore, x, y - 6, 20);
    if (depth < 3) return;
    if (depth < 4) bank.set(x, y, GRASS[4]);
    else if (depth < 6) bank.set(x, y, DIRT[3]);
    else if (depth < 7) bank.set(x, y, INK, 0.75);
    else {
      bank.copy(tile, x, y, x, y);
      if (under < 5) bank.set(x, y, WATER[5], 0.55);
      else if (depth < 9) bank.set(x, y, WATER[1], 0.6);
    }
  });
  return bank;
}

/** Draws a walled pond with a coping of dressed stone. */
export function basin(shore: Shore, seed: number): Canvas {
  const tile = water(seed);
  const coping = 8;
  tile.each((x, y) => {
    const depth = fromShore(shore, x, y, 0);
    const below = fromShore(shore, x, y - 9, 0);
    if (depth < coping) tile.set(x, y, copingStone(x, y, depth, coping));
    else if (below < coping) tile.set(x, y, y < coping + 5 ? STONE[4] : WATER[5], y < coping + 5 ? 1 : 0.6);
  });
  return tile;
}

function copingStone(x: number, y: number, depth: number, width: number): Color {
  if (depth < 1 || depth >= width - 1) return STONE[5];
  if (depth < 2) return STONE[0];
  if (depth >= width - 2) return STONE[3];
  const joint = depth === Math.min(y, TILE - 1 - y) ? x % 16 === 15 : y % 16 === 15;
  return joint ? STONE[3] : hash(x, y, 8) > 0.85 ? STONE[2] : STONE[1];
}

/** Returns the distance of a pixel from the pond's edge. Outer corners are rounded by `radius`. */
function fromShore(shore: Shore, x: number, y: number, radius: number): number {
  const last = TILE - 1;
  const aside = x < TILE / 2 ? -1 : 1;
  const above = y < TILE / 2 ? -1 : 1;
  const dx = aside < 0 ? x : last - x;
  const dy = above < 0 ? y : last - y;
  const endsAside = !shore(aside, 0);
  const endsAbove = !shore(0, above);
  if (endsAside && endsAbove && dx < radius && dy < radius) return radius - Math.hypot(radius - dx, radius - dy);
  if (endsAside && endsAbove) return Math.min(dx, dy);
  if (endsAside) return dx;
  if (endsAbove) return dy;
  if (shore(aside, above)) return TILE;
  return radius > 0 ? Math.hypot(dx, dy) : Math.max(dx, dy);
}

/** Returns the factor of the shore's waves: 0 at the border of a tile, so that adjacent tiles fit, and 1 inside. */
function calm(x: number, y: number): number {
  return Math.min(1, Math.min(x, y, TILE - 1 - x, TILE - 1 - y) / 6);
}

/** Draws open water with lotus leaves, and a flower on each of the first `flowers` leaves. */
export function lotus(leaves: number, flowers: number, seed: number): Canvas {
  const tile = water(seed);
  const random = seededRandom(seed + 5);
  const positions = [
    [9, 9],
    [23, 12],
    [12, 23],
    [24, 25],
  ] as const;
  positions.slice(0, leaves).forEach(([centreX, centreY], i) => {
    const x = centreX + random.int(-1, 1);
    const y = centreY + random.int(-1, 1);
    tile.ellipse(x + 1, y + 2, 6, 4, WATER[5], 0.6);
    tile.ellipse(x, y, 6, 4.4, 0x3f6f45);
    tile.ellipse(x - 0.5, y - 0.5, 5, 3.4, 0x64954f);
    tile.rect(x, y, 6, 1, 0x3f6f45);
    tile.rect(x - 3, y - 2, 3, 1, 0x9abf66);
    if (i < flowers) blossom(tile, x, y - 2);
  });
  return tile;
}

function blossom(tile: Canvas, x: number, y: number): void {
  tile.ellipse(x, y + 1, 4.5, 2.5, CHERRY[3]);
  tile.ellipse(x, y, 3.5, 3, CHERRY[1]);
  tile.ellipse(x, y - 0.5, 1.8, 2, CHERRY[0]);
  tile.set(x, y, 0xe8b85a);
}

/** Draws a fountain of four by four tiles: a round basin with a bowl in its centre, from which water falls. */
export function fountain(): Canvas {
  const scene = new Canvas(4 * TILE, 4 * TILE);
  scene.ellipse(68, 74, 60, 53, SHADOW, 0.3);
  const stone = new Canvas(4 * TILE, 4 * TILE);
  // Draws the wall of the basin as seen from the front, then its rim one step higher, then the water inside.
  for (let rise = 0; rise < 13; rise++) stone.ellipse(64, 72 - rise, 60, 52, rise < 3 ? STONE[5] : STONE[4]);
  stone.each((x, y) => {
    if (stone.alpha(x, y) && y > 72 && (x + Math.floor(y / 6) * 9) % 18 === 0) stone.set(x, y, STONE[5]);
  });
  rim(stone, 64, 60, 60, 52);
  stone.ellipse(64, 61, 51, 43, STONE[5]);
  stone.ellipse(64, 64, 50, 40, WATER[4]);
  stone.ellipse(64, 67, 47, 36, WATER[3]);
  ripples(stone, 64, 66);
  bowl(stone);
  stone.outline(INK);
  scene.draw(stone, 0, 0);
  return scene;
}

/** Draws an ellipse as a flat disc of stones, with a light edge. */
function rim(canvas: Canvas, centerX: number, centerY: number, radiusX: number, radiusY: number): void {
  canvas.each((x, y) => {
    const dx = (x + 0.5 - centerX) / radiusX;
    const dy = (y + 0.5 - centerY) / radiusY;
    const distance = Math.hypot(dx, dy);
    if (distance > 1) return;
    const turn = (Math.atan2(dy, dx) / (2 * Math.PI) + 1) * 26;
    const joint = turn % 1 < 0.09;
    const lit = distance > 0.965 ? 0 : hash(Math.floor(turn), 3, 4) > 0.5 ? 1 : 2;
    canvas.set(x, y, joint ? STONE[3] : (STONE[lit] ?? INK));
  });
}

function ripples(canvas: Canvas, centerX: number, centerY: number): void {
  canvas.each((x, y) => {
    const dx = (x - centerX) / 47;
    const dy = (y - centerY) / 36;
    const distance = Math.hypot(dx, dy);
    const wave = Math.sin(distance * 22 + Math.sin(Math.atan2(dy, dx) * 5) * 0.7);
    if (distance < 0.95 && distance > 0.3 && wave > 0.86 && hash(x >> 2, y, 12) > 0.35) canvas.set(x, y, WATER[2]);
    if (distance < 0.95 && wave > 0.97 && hash(x >> 2, y, 13) > 0.6) canvas.set(x, y, WATER[0]);
  });
}

function bowl(canvas: Canvas): void {
  canvas.ellipse(64, 72, 20, 9, WATER[5], 0.6);
  canvas.rect(58, 48, 12, 24, STONE[3]);
  canvas.rect(58, 48, 4, 24, STONE[1]);
  canvas.rect(67, 48, 3, 24, STONE[4]);
  canvas.ellipse(64, 47, 23, 11, INK);
  canvas.ellipse(64, 46, 22, 10, STONE[3]);
  canvas.ellipse(64, 43, 22, 10, STONE[1]);
  canvas.ellipse(64, 43, 18, 7, WATER[4]);
  canvas.ellipse(64, 44, 16, 5.5, WATER[2]);
  for (const side of [-1, 1]) {
    for (let fall = 0; fall < 20; fall++) {
      canvas.set(64 + side * (21 + Math.round(fall / 9)), 45 + fall, fall % 5 ? WATER[1] : LIGHT, 0.85);
      canvas.set(64 + side * 17, 50 + fall, fall % 4 ? WATER[1] : LIGHT, 0.7);
    }
    canvas.ellipse(64 + side * 21, 66, 5, 2, WATER[0], 0.8);
  }
  for (let jet = 0; jet < 22; jet++) {
    const spread = Math.round((jet / 22) ** 2 * 7);
    canvas.rect(63, 43 - 20 + jet, 2, 1, WATER[0]);
    canvas.set(63 - spread, 24 + jet, WATER[0], 0.9);
    canvas.set(65 + spread, 24 + jet, WATER[0], 0.9);
  }
  canvas.ellipse(64, 44, 7, 2.5, LIGHT, 0.8);
}
