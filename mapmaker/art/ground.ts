// Images of the ground: grass, flowers, dirt and paving. Every tile is opaque, and tiles of the same kind join without
// a seam.

import { Canvas, type Color, mix, TILE } from "./canvas.ts";
import { BRICK, DIRT, GRASS, LIGHT, LUSH, PAVING, SHADOW, SLAB, STONE } from "./palette.ts";
import { hash, noise, type Random, seededRandom } from "./random.ts";

type Ramp = readonly [Color, Color, Color, Color, Color];

/** The bits for the corners of a tile. A set bit means that the terrain over the grass covers this corner. */
export const CORNER = { topLeft: 1, topRight: 2, bottomRight: 4, bottomLeft: 8 } as const;
/** The bits for the sides of a tile. A set bit means that a tile of the same kind adjoins on this side. */
export const SIDE = { top: 1, right: 2, bottom: 4, left: 8 } as const;

export function grass(seed: number): Canvas {
  return meadow(GRASS, 16, seed);
}

export function lush(seed: number): Canvas {
  return meadow(LUSH, 34, seed);
}

/** Draws grass of any colour. Patches and blades stay inside the tile, so that any variants fit side by side. */
function meadow(ramp: Ramp, blades: number, seed: number): Canvas {
  const tile = new Canvas();
  const random = seededRandom(seed);
  tile.rect(0, 0, TILE, TILE, ramp[2]);
  for (let patch = 0; patch < 4; patch++) {
    const color = mix(ramp[2], random.pick([ramp[1], ramp[3]]), 0.35);
    tile.ellipse(random.int(8, 24), random.int(7, 25), random.int(3, 7), random.int(2, 5), color);
  }
  for (let blade = 0; blade < blades; blade++) drawBlade(tile, ramp, random.int(1, 30), random.int(3, 30), random);
  return tile;
}

function drawBlade(tile: Canvas, ramp: Ramp, x: number, y: number, random: Random): void {
  const lean = random.pick([-1, 0, 1]);
  tile.set(x, y, ramp[3]);
  tile.set(x, y - 1, ramp[3]);
  tile.set(x + lean, y - 2, random.bool(0.5) ? ramp[1] : ramp[3]);
  if (random.bool(0.35)) tile.set(x + 1, y - 1, ramp[0]);
}

/** Draws clumps of tall grass on a grass tile. */
export function tuft(seed: number): Canvas {
  const tile = grass(seed);
  const random = seededRandom(seed + 1);
  for (let clump = 0; clump < 3; clump++) {
    const x = random.int(5, 26);
    const y = random.int(10, 28);
    tile.ellipse(x, y, 5, 2, GRASS[4], 0.5);
    for (let blade = -4; blade <= 4; blade++) {
      const height = 7 - Math.abs(blade) + random.int(0, 2);
      for (let step = 0; step < height; step++) {
        const color = step > height - 3 ? GRASS[0] : GRASS[step > 1 ? 3 : 4];
        tile.set(x + blade + Math.round((blade * step) / 10), y - step, color);
      }
    }
  }
  return tile;
}

/** Draws flowers of one colour on grass. */
export function flowers(petal: Color, heart: Color, count: number, seed: number): Canvas {
  const tile = grass(seed);
  const random = seededRandom(seed + 7);
  for (let cell = 0; cell < 9; cell++) {
    if (!random.bool(count / 9)) continue;
    const x = 6 + (cell % 3) * 10 + random.int(-3, 3);
    const y = 6 + Math.floor(cell / 3) * 10 + random.int(-3, 2);
    tile.rect(x - 1, y + 3, 4, 1, GRASS[4], 0.7);
    tile.rect(x, y + 2, 1, 3, GRASS[4]);
    tile.rect(x - 2, y, 5, 1, petal);
    tile.rect(x - 1, y - 1, 3, 3, petal);
    tile.rect(x - 1, y + 1, 3, 1, mix(petal, SHADOW, 0.16));
    tile.rect(x, y - 2, 1, 2, mix(petal, LIGHT, 0.4));
    tile.set(x, y + 2, mix(petal, SHADOW, 0.25));
    tile.set(x, y, heart);
    if (random.bool(0.4)) tile.rect(x + 4, y + 2, 2, 2, mix(petal, SHADOW, 0.1));
  }
  return tile;
}

/** Draws a ring of three toadstools on grass. */
export function mushrooms(seed: number): Canvas {
  const tile = grass(seed);
  for (const [x, y] of [
    [9, 13],
    [20, 10],
    [16, 23],
  ] as const) {
    tile.ellipse(x + 1, y + 4, 4, 1.5, GRASS[4], 0.7);
    tile.rect(x - 1, y + 1, 2, 3, PAVING[0]);
    tile.rect(x - 3, y - 1, 6, 2, 0xb5533f);
    tile.rect(x - 2, y - 2, 4, 1, 0xcb6a4c);
    tile.set(x - 1, y - 1, LIGHT);
    tile.set(x + 1, y - 2, LIGHT);
  }
  return tile;
}

/** Draws trodden earth at the given corners, and grass elsewhere. */
export function dirt(corners: number, seed: number): Canvas {
  const tile = grass(seed);
  const inside = (x: number, y: number): boolean => coversPixel(corners, x, y, seed);
  tile.each((x, y) => {
    if (!inside(x, y)) return;
    // The turf is a little higher than the earth, so it casts a shadow downwards and shows its edge.
    const underTurf = !inside(x, y - 1) || !inside(x - 1, y);
    const nearTurf = !inside(x, y - 3) || !inside(x + 1, y) || !inside(x, y + 1) || !inside(x - 2, y);
    tile.set(x, y, underTurf ? DIRT[4] : nearTurf ? DIRT[3] : earth(x, y, seed));
  });
  return tile;
}

/** Returns the colour of a pixel of earth. The earth is smooth, with grains and a few pebbles. */
function earth(x: number, y: number, seed: number): Color {
  const grain = hash(x, y, seed);
  if (hash(x >> 1, y >> 1, seed + 3) > 0.985) return DIRT[4];
  if (grain > 0.96) return DIRT[0];
  if (grain < 0.06) return DIRT[3];
  return noise(x + seed * 40, y, 6, seed) > 0.62 ? DIRT[1] : DIRT[2];
}

/** Draws deep green grass at the given corners, and ordinary grass elsewhere. */
export function lushPatch(corners: number, seed: number): Canvas {
  const tile = grass(seed);
  const deep = lush(seed);
  tile.each((x, y) => {
    // The border between the two kinds of grass is ragged.
    const fray = Math.round(hash(x, 0, seed) * 4);
    if (coversPixel(corners, x, Math.min(31, y + fray), seed)) tile.copy(deep, x, y, x, y);
  });
  return tile;
}

/**
 * Whether the terrain at the given corners covers a pixel. The terrain's border is a wavy line half-way to the other
 * corners.
 */
function coversPixel(corners: number, pixelX: number, pixelY: number, seed: number): boolean {
  const x = Math.min(31, Math.max(0, pixelX));
  const y = Math.min(31, Math.max(0, pixelY));
  const u = (x + 0.5) / TILE;
  const v = (y + 0.5) / TILE;
  const has = (corner: number): number => (corners & corner ? 1 : 0);
  const upper = has(CORNER.topLeft) * (1 - u) + has(CORNER.topRight) * u;
  const lower = has(CORNER.bottomLeft) * (1 - u) + has(CORNER.bottomRight) * u;
  // The waves fade out at the border of the tile, where the line must meet the line of the adjacent tile.
  const calm = Math.min(1, Math.min(x, y, 31 - x, 31 - y) / 5);
  const wave = (noise(x, y, 5, seed + 11) - 0.5) * 0.45 * calm;
  return upper * (1 - v) + lower * v + wave > 0.5;
}

/** Draws four by four tiles of granite slabs of many sizes. The image can be repeated in both directions. */
export function paving(): Canvas {
  const cells = 16;
  const cellSize = 8;
  const field = new Canvas(cells * cellSize, cells * cellSize);
  const taken = new Set<number>();
  const random = seededRandom(20);
  const sizes = [
    [3, 2],
    [2, 2],
    [2, 3],
    [4, 2],
    [3, 3],
    [2, 1],
    [1, 2],
    [1, 1],
  ] as const;
  const cellsOf = (x: number, y: number, width: number, height: number): number[] =>
    Array.from({ length: width * height }, (_, i) => {
      const row = (y + Math.floor(i / width)) % cells;
      return row * cells + ((x + (i % width)) % cells);
    });
  for (let cell = 0; cell < cells * cells; cell++) {
    if (taken.has(cell)) continue;
    const x = cell % cells;
    const y = Math.floor(cell / cells);
    const first = random.int(0, 4);
    const fitting = [...sizes.slice(first), ...sizes.slice(0, first), [1, 1] as const].find(([width, height]) =>
      cellsOf(x, y, width, height).every((covered) => !taken.has(covered)),
    );
    const [width, height] = fitting ?? [1, 1];
    for (const covered of cellsOf(x, y, width, height)) taken.add(covered);
    const stone = slabStone(width * cellSize, height * cellSize, PAVING, cell);
    for (const wrapX of [0, -field.width]) {
      for (const wrapY of [0, -field.height]) field.draw(stone, x * cellSize + wrapX, y * cellSize + wrapY);
    }
  }
  return field;
}

/** Draws one dressed stone, with a joint along its right and lower edges. */
function slabStone(width: number, height: number, ramp: Ramp, seed: number): Canvas {
  const stone = new Canvas(width, height);
  const face = mix(ramp[hash(seed, 1, 5) > 0.5 ? 1 : 2], ramp[3], hash(seed, 2, 5) * 0.5);
  stone.rect(0, 0, width, height, face);
  stone.each((x, y) => {
    const grain = hash(x, y, seed);
    if (grain > 0.95) stone.set(x, y, ramp[0], 0.6);
    if (grain < 0.05) stone.set(x, y, ramp[4], 0.22);
  });
  stone.rect(0, 0, width - 1, 1, ramp[0], 0.55);
  stone.rect(0, 0, 1, height - 1, ramp[0], 0.55);
  stone.rect(0, height - 2, width - 1, 1, ramp[3], 0.8);
  stone.rect(width - 2, 0, 1, height - 1, ramp[3], 0.8);
  stone.rect(0, height - 1, width, 1, ramp[4], 0.85);
  stone.rect(width - 1, 0, 1, height, ramp[4], 0.85);
  return stone;
}

/** Draws a large cut slab that fills its tile. */
export function slab(seed: number): Canvas {
  return slabStone(TILE, TILE, SLAB, seed);
}

/** Draws a band of bricks laid flat. */
export function brick(seed: number): Canvas {
  const tile = new Canvas();
  for (let row = 0; row < 4; row++) {
    for (let column = -1; column < 2; column++) {
      const x = column * 16 + (row % 2) * 8;
      // Bricks that cross the border have the same colour on both tiles.
      const wrapped = (x + TILE) % TILE === 24 ? 99 : seed * 50 + row * 4 + column;
      tile.draw(slabStone(16, 8, BRICK, wrapped), x, row * 8);
    }
  }
  return tile;
}

/** Draws a bed of grass or earth, with a kerb on each side where it ends. */
export function bed(fill: "grass" | "earth", sides: number, seed: number): Canvas {
  const tile = fill === "grass" ? grass(seed) : new Canvas();
  if (fill === "earth") tile.each((x, y) => tile.set(x, y, earth(x, y, seed)));
  const kerb = 6;
  const shade = fill === "grass" ? GRASS[4] : DIRT[3];
  if (!(sides & SIDE.top)) tile.rect(0, kerb, TILE, 2, shade, 0.8);
  if (!(sides & SIDE.left)) tile.rect(kerb, 0, 1, TILE, shade, 0.8);
  const stones = (left: number, top: number, width: number, height: number): void => {
    for (let at = 0; at < TILE; at += 16) {
      const across = width > height;
      const stone = slabStone(across ? 16 : width, across ? height : 16, STONE_KERB, at + sides);
      tile.draw(stone, left + (across ? at : 0), top + (across ? 0 : at));
    }
  };
  if (!(sides & SIDE.left)) stones(0, 0, kerb, TILE);
  if (!(sides & SIDE.right)) stones(TILE - kerb, 0, kerb, TILE);
  if (!(sides & SIDE.top)) stones(0, 0, TILE, kerb);
  if (!(sides & SIDE.bottom)) stones(0, TILE - kerb, TILE, kerb);
  return tile;
}

const STONE_KERB: Ramp = [STONE[0], STONE[1], mix(STONE[1], STONE[2], 0.5), STONE[2], STONE[4]];
