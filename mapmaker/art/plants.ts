// Images of solid plants and rocks: trees, hedges, shrubs and boulders.

import { Canvas, type Color, TILE } from "./canvas.ts";
import { SIDE } from "./ground.ts";
import { CHERRY, HEDGE, INK, LEAF, PINE, SHADOW, STONE, WOOD } from "./palette.ts";
import { hash, noise, seededRandom } from "./random.ts";

/** A ball of leaves: centre and radii. */
type Ball = readonly [x: number, y: number, radiusX: number, radiusY: number];

/** Draws a broad-leaved tree of three by three tiles. The trunk is on the middle tile of the bottom row. */
export function broadleaf(kind: "leaf" | "cherry"): Canvas {
  const tree = new Canvas(3 * TILE, 3 * TILE);
  trunk(
    tree,
    [
      [48, 92],
      [48, 80],
      [46, 68],
      [47, 56],
    ],
    5,
  );
  const balls: Ball[] = [
    [30, 56, 17, 14],
    [66, 56, 17, 14],
    [48, 60, 20, 14],
    [24, 42, 16, 15],
    [72, 42, 16, 15],
    [48, 46, 22, 18],
    [36, 28, 18, 16],
    [61, 29, 17, 16],
    [48, 20, 17, 14],
  ];
  crown(tree, balls, kind === "leaf" ? LEAF : CHERRY, kind === "leaf" ? 31 : 47);
  tree.outline(kind === "leaf" ? 0x22352a : 0x6b3850, 0.9);
  return withShade(tree, 27);
}

/**
 * Draws a red pine: a bent trunk and flat clouds of needles. Its size and trunk tile are those of a broad-leaved tree.
 */
export function pine(): Canvas {
  const tree = new Canvas(3 * TILE, 3 * TILE);
  trunk(
    tree,
    [
      [48, 92],
      [52, 78],
      [44, 62],
      [50, 46],
      [44, 30],
    ],
    4,
  );
  trunk(
    tree,
    [
      [47, 64],
      [66, 54],
    ],
    2,
  );
  trunk(
    tree,
    [
      [48, 54],
      [28, 46],
    ],
    2,
  );
  const clouds: Ball[] = [
    [68, 54, 19, 9],
    [27, 47, 20, 10],
    [60, 36, 21, 10],
    [36, 27, 20, 10],
    [50, 15, 19, 10],
  ];
  for (const cloud of clouds) {
    const [x, y, width, height] = cloud;
    const lumps: Ball[] = [
      [x - width * 0.55, y + 2, width * 0.5, height * 0.8],
      [x + width * 0.55, y + 2, width * 0.5, height * 0.8],
      [x, y - 1, width * 0.65, height],
    ];
    crown(tree, lumps, PINE, Math.round(x));
  }
  tree.outline(0x1a2a2a, 0.9);
  return withShade(tree, 24);
}

/** Draws a trunk from one point to the next. It becomes thinner towards the end and is lit from the left. */
function trunk(tree: Canvas, points: readonly (readonly [number, number])[], halfWidth: number): void {
  for (let i = 0; i + 1 < points.length; i++) {
    const [fromX, fromY] = points[i] ?? [0, 0];
    const [toX, toY] = points[i + 1] ?? [0, 0];
    for (let step = 0; step <= 40; step++) {
      const along = (i + step / 40) / (points.length - 1);
      const x = Math.round(fromX + ((toX - fromX) * step) / 40);
      const y = Math.round(fromY + ((toY - fromY) * step) / 40);
      const flare = i === 0 && step < 14 ? (14 - step) / 4 : 0;
      const half = Math.round(halfWidth * (1 - along * 0.45) + flare);
      for (let aside = -half; aside <= half; aside++) {
        const lit = aside / half + (hash(x + aside, y >> 2, 3) - 0.5) * 0.9;
        tree.set(x + aside, y, WOOD[lit < -0.4 ? 1 : lit < 0.2 ? 2 : lit < 0.7 ? 3 : 4]);
      }
    }
  }
}

/**
 * Draws balls of leaves, from the back to the front. They are lit from the upper left, and noise makes their surface
 * look like leaves.
 */
function crown(tree: Canvas, balls: readonly Ball[], ramp: readonly Color[], seed: number): void {
  for (const [centerX, centerY, radiusX, radiusY] of balls) {
    tree.each((x, y) => {
      const dx = (x + 0.5 - centerX) / radiusX;
      const dy = (y + 0.5 - centerY) / radiusY;
      const ragged = (noise(x, y, 3, seed) - 0.5) * 0.4;
      if (dx * dx + dy * dy > 1 + ragged) return;
      const leaf = (noise(x, y, 2.6, seed + 1) - 0.5) * 0.55;
      const dark = 0.42 + dx * 0.22 + dy * 0.42 + leaf;
      const tone = Math.max(0, Math.min(ramp.length - 1, Math.floor(dark * ramp.length)));
      tree.set(x, y, ramp[tone] ?? INK);
    });
  }
}

/** Returns an image of the tree with its shade on the ground. */
function withShade(tree: Canvas, reach: number): Canvas {
  const scene = new Canvas(tree.width, tree.height);
  scene.ellipse(51, 89, reach, 6.5, SHADOW, 0.32);
  scene.draw(tree, 0, 0);
  return scene;
}

/** Draws a clipped hedge with a lit top. The front face is visible only if no hedge adjoins at the bottom. */
export function hedge(sides: number): Canvas {
  const tile = new Canvas();
  const left = sides & SIDE.left ? 0 : 2;
  const right = sides & SIDE.right ? TILE : TILE - 2;
  const top = sides & SIDE.top ? 0 : 2;
  const bottom = sides & SIDE.bottom ? TILE : TILE - 3;
  const edge = sides & SIDE.bottom ? TILE : 17;
  tile.each((x, y) => {
    if (x < left || x >= right || y < top || y >= bottom) return;
    const onSide = (left > 0 && x === left) || (right < TILE && x === right - 1);
    const onEnd = (top > 0 && y === top) || (bottom < TILE && y === bottom - 1);
    if (onSide && onEnd) return;
    const leaf = noise(x, y, 2.4, 60) * 0.75 + hash(x >> 1, y >> 1, 61) * 0.25;
    const rim = (!(sides & SIDE.top) && y < top + 3) || (!(sides & SIDE.left) && x < left + 2);
    const tone = y >= edge ? 3 + leaf * 2.4 : (rim ? 0 : 0.9) + leaf * 2.4;
    tile.set(x, y, HEDGE[Math.max(0, Math.min(5, Math.floor(tone)))] ?? INK);
  });
  if (!(sides & SIDE.bottom)) {
    tile.rect(left, edge, right - left, 1, HEDGE[5], 0.6);
    tile.rect(left, TILE - 3, right - left, 2, SHADOW, 0.5);
  }
  tile.outline(0x1d2f27);
  return tile;
}

/** Draws a boulder; with `count` 2 or 3, a group of smaller boulders. */
export function rock(count: 1 | 2 | 3, seed: number): Canvas {
  const tile = new Canvas();
  const shapes: Record<number, Ball[]> = {
    1: [[16, 17, 13, 12]],
    2: [
      [11, 14, 9, 9],
      [20, 21, 9, 8],
    ],
    3: [
      [12, 11, 8, 8],
      [22, 16, 7, 8],
      [11, 22, 8, 6],
    ],
  };
  const scene = new Canvas();
  for (const [centerX, centerY, radiusX, radiusY] of shapes[count] ?? []) {
    scene.ellipse(centerX + 2, centerY + radiusY - 1, radiusX, 4, SHADOW, 0.3);
    tile.each((x, y) => {
      const dx = (x + 0.5 - centerX) / radiusX;
      const dy = (y + 0.5 - centerY) / radiusY;
      if (Math.abs(dx) ** 2.6 + Math.abs(dy) ** 2.6 > 1 + (noise(x, y, 6, seed) - 0.5) * 0.4) return;
      // The coarse, slanted noise gives flat facets instead of smooth shading.
      const facet = (noise(x + y * 0.5, y - x * 0.3, 5, seed) - 0.5) * 0.9;
      const dark = 0.36 + dx * 0.2 + dy * 0.42 + facet * 0.45;
      const tone = Math.max(0, Math.min(5, Math.floor(dark * 6)));
      const mossy = tone < 3 && noise(x, y, 4, seed + 5) > 0.72;
      tile.set(x, y, mossy ? (LEAF[Math.min(4, tone + 1)] ?? INK) : (STONE[tone] ?? INK));
    });
  }
  tile.outline(INK);
  scene.draw(tile, 0, 0);
  return scene;
}

/** Draws a low round shrub; with blossom if a colour is given. */
export function shrub(blossom: Color | undefined, seed: number): Canvas {
  const tile = new Canvas();
  crown(
    tile,
    [
      [10, 19, 8, 8],
      [22, 19, 8, 8],
      [16, 14, 11, 10],
      [16, 21, 9, 7],
    ],
    HEDGE,
    seed,
  );
  tile.outline(0x1d2f27);
  const random = seededRandom(seed);
  for (let bloom = 0; blossom !== undefined && bloom < 16; bloom++) {
    const x = random.int(5, 25);
    const y = random.int(6, 24);
    if (tile.alpha(x, y) < 255) continue;
    tile.rect(x, y, 2, 2, blossom);
    tile.set(x + 1, y + 1, SHADOW, 0.25);
  }
  const scene = new Canvas();
  scene.ellipse(18, 27, 13, 4, SHADOW, 0.3);
  scene.draw(tile, 0, 0);
  return scene;
}
