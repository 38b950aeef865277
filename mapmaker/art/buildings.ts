// Images of buildings: tiled and thatched roofs, house fronts, garden walls, market stalls, columns, jars and crates.

import { Canvas, type Color, mix, TILE } from "./canvas.ts";
import { SIDE } from "./ground.ts";
import { BEAM_GREEN, INK, JAR, LIGHT, MUD, PLASTER, ROOF, SHADOW, SOUTH_RED, STONE, STRAW, WOOD } from "./palette.ts";
import { hash, noise, seededRandom } from "./random.ts";

/**
 * The cross-section of a rib of roof tiles, as indices of a colour ramp: a dark groove, a light crest, a dark groove.
 */
const RIB = [4, 3, 2, 1, 1, 2, 3, 4] as const;

/**
 * Draws a grey roof of roof tiles. The image has three by three map tiles: ridge above, eaves below, and a middle that
 * may be repeated.
 */
export function tiledRoof(): Canvas {
  const roof = new Canvas(3 * TILE, 3 * TILE);
  const width = roof.width;
  roof.each((x, y) => {
    const top = 5;
    const eaves = eavesLine(x, width);
    const left = sideLine(y);
    if (y < top || y > eaves || x < left || x >= width - left) return;
    const across = RIB[x % 8] ?? 4;
    // A seam where one roof tile overlaps the next. Adjacent columns are offset by half a roof tile.
    const seam = (y + (Math.floor(x / 8) % 2) * 4) % 8 === 0 ? 1 : 0;
    const wear = hash(x >> 2, y >> 2, 90) > 0.9 ? -1 : 0;
    roof.set(x, y, ROOF[Math.max(0, Math.min(4, across + seam + wear))] ?? INK);
    if (y > 2 * TILE) roof.set(x, y, SHADOW, ((y - 2 * TILE) / 24) * 0.25);
    if (y < TILE) roof.set(x, y, LIGHT, ((TILE - y) / 24) * 0.1);
  });
  for (let x = 0; x < width; x++) eavesEnd(roof, x, eavesLine(x, width));
  ridges(roof);
  roof.outline(INK);
  return roof;
}

/** Returns the y coordinate of the eaves at `x`. The eaves rise towards both corners. */
function eavesLine(x: number, width: number): number {
  const fromEnd = Math.min(x, width - 1 - x);
  const lift = fromEnd < TILE ? ((TILE - fromEnd) / TILE) ** 2 * 6 : 0;
  return Math.round(2 * TILE + 22 - lift);
}

/** Returns the distance of the roof's side from the border of the image. The roof is wider towards the eaves. */
function sideLine(y: number): number {
  return y < TILE ? 3 : y < 2 * TILE ? 3 : Math.max(1, 3 - Math.floor((y - 2 * TILE) / 10));
}

/** Draws the end of the eaves at `x`: the round ends of the roof tiles, and the rafters in the shade below. */
function eavesEnd(roof: Canvas, x: number, line: number): void {
  if (x < 1 || x >= roof.width - 1) return;
  const rib = RIB[x % 8] ?? 4;
  roof.rect(x, line, 1, 3, rib < 3 ? ROOF[rib === 1 ? 0 : 1] : ROOF[4]);
  roof.set(x, line + 3, INK);
  const rafter = x % 8 >= 2 && x % 8 <= 5;
  if (x >= 5 && x < roof.width - 5) {
    for (let y = line + 4; y < 3 * TILE; y++) roof.set(x, y, rafter && y < line + 8 ? WOOD[1] : WOOD[4]);
    if (rafter) roof.set(x, line + 8, BEAM_GREEN);
  }
}

/** Draws the main ridge along the top and a ridge down each side, capped with pale plaster. */
function ridges(roof: Canvas): void {
  const width = roof.width;
  for (let y = 9; y < 2 * TILE + 18; y++) {
    for (const [x, color] of [
      [3, ROOF[3]],
      [4, ROOF[0]],
      [5, STONE[0]],
      [6, ROOF[1]],
      [7, ROOF[3]],
      [8, ROOF[4]],
    ] as const) {
      roof.set(x, y, color);
      roof.set(width - 1 - x, y, x < 6 && x > 3 ? mix(color, SHADOW, 0.25) : color);
    }
  }
  const bands = [ROOF[2], STONE[0], STONE[1], ROOF[3], ROOF[1], ROOF[3], STONE[1], ROOF[4], ROOF[4]];
  for (const [row, color] of bands.entries()) roof.rect(2, 4 + row, width - 4, 1, color);
  for (const end of [1, width - 8]) {
    roof.rect(end, 2, 7, 12, ROOF[4]);
    roof.rect(end + 1, 2, 5, 2, ROOF[0]);
    roof.rect(end + 1, 5, 5, 7, ROOF[3]);
    roof.rect(end + 2, 6, 2, 4, ROOF[1]);
  }
}

/** Draws three by three tiles of a thatched roof, held down by ropes. */
export function thatch(): Canvas {
  const roof = new Canvas(3 * TILE, 3 * TILE);
  roof.each((x, y) => {
    const fromEnd = Math.min(x, roof.width - 1 - x);
    const round = fromEnd < 16 ? 16 - Math.sqrt(256 - (16 - fromEnd) ** 2) : 0;
    const bottom = 2 * TILE + 24 - round * 0.5 + hash(x, 0, 14) * 3;
    if (fromEnd < 2 || y < 4 + round || y > bottom) return;
    const straw = hash(x, y >> 2, 95) * 1.6 + noise(x, y, 7, 96) * 1.2;
    const seam = y % 16 > 13 ? 1 : 0;
    const side = fromEnd < 5 ? 1 : 0;
    roof.set(x, y, STRAW[Math.min(4, Math.floor(straw + 0.4 + seam + side))] ?? INK);
    if (y > bottom - 4) roof.set(x, y, SHADOW, 0.3);
    const rope = (x + y * 2) % 32 === 0 || (x - y * 2 + 3 * TILE * 2) % 32 === 0;
    if (rope && y > 10 + round) roof.set(x, y, STRAW[4], 0.75);
    if (y < 11 + round) roof.set(x, y, y < 7 + round ? STRAW[0] : STRAW[3], 0.5);
  });
  const under = new Canvas(roof.width, roof.height);
  under.rect(4, 2 * TILE + 18, roof.width - 8, TILE - 18, WOOD[4]);
  roof.outline(INK);
  under.draw(roof, 0, 0);
  return under;
}

type FrontPiece = "left" | "plain" | "window" | "door" | "right";

/** Draws a piece of a house front below the eaves. The wall is of plaster, or of mud if the house is thatched. */
export function front(piece: FrontPiece, finish: "plaster" | "mud"): Canvas {
  const tile = new Canvas();
  const wall = finish === "plaster" ? PLASTER : MUD;
  tile.each((x, y) => tile.set(x, y, hash(x, y, 15) > 0.9 ? wall[2] : noise(x, y, 6, 16) > 0.6 ? wall[0] : wall[1]));
  tile.rect(0, 8, TILE, 2, WOOD[1]);
  tile.rect(0, 10, TILE, 1, WOOD[3]);
  if (piece === "left") post(tile, 4);
  if (piece === "right") post(tile, 23);
  if (piece === "plain") post(tile, 14);
  if (piece === "window") lattice(tile, 5, 12, 22, 10);
  if (piece === "door") {
    lattice(tile, 2, 10, 14, 16);
    lattice(tile, 16, 10, 14, 16);
    tile.rect(15, 17, 1, 3, 0xd8b058);
    tile.rect(16, 17, 1, 3, 0xd8b058);
  }
  for (let y = 0; y < 8; y++) tile.rect(0, y, TILE, 1, SHADOW, 0.75 - y * 0.07);
  base(tile);
  if (piece === "left") clear(tile, 0, 3);
  if (piece === "right") clear(tile, TILE - 3, 3);
  tile.outline(INK);
  return tile;
}

/** Draws a round wooden post, lit from the left. */
function post(tile: Canvas, left: number): void {
  const ramp = [WOOD[2], WOOD[0], WOOD[1], WOOD[2], WOOD[4]];
  for (const [i, color] of ramp.entries()) tile.rect(left + i, 0, 1, 27, color);
}

/** Draws a paper window behind a lattice of thin wood. */
function lattice(tile: Canvas, left: number, top: number, width: number, height: number): void {
  tile.rect(left, top, width, height, WOOD[4]);
  tile.rect(left + 1, top + 1, width - 2, height - 2, LIGHT);
  tile.each(
    (x, y) => {
      if ((x - left) % 4 === 1 || (y - top) % 5 === 1) tile.set(x, y, WOOD[2]);
    },
    left + 1,
    top + 1,
    width - 2,
    height - 2,
  );
}

/** Draws the foundation stones of a house. */
function base(tile: Canvas): void {
  tile.rect(0, 25, TILE, 7, STONE[3]);
  tile.rect(0, 25, TILE, 1, STONE[0]);
  tile.rect(0, 26, TILE, 2, STONE[1]);
  tile.rect(0, 31, TILE, 1, STONE[5]);
  for (const x of [7, 20, 31]) tile.rect(x, 27, 1, 4, STONE[4]);
}

function clear(tile: Canvas, left: number, width: number): void {
  tile.each(
    (x, y) => tile.pixels.fill(0, (y * tile.width + x) * 4, (y * tile.width + x) * 4 + 4),
    left,
    0,
    width,
    TILE,
  );
}

/**
 * Draws a garden wall with a small tiled roof. The wall is stone below and plaster above.
 * @param sides the sides of the tile on which the wall continues, as flags of SIDE.
 */
export function gardenWall(sides: number): Canvas {
  const tile = new Canvas();
  const alongTop = sides & SIDE.top;
  const along = sides & (SIDE.left | SIDE.right) || !(sides & SIDE.top && sides & SIDE.bottom);
  if (alongTop) capDown(tile, 0, along ? 8 : TILE);
  if (along) {
    const left = sides & SIDE.left ? 0 : 3;
    const right = sides & SIDE.right ? TILE : TILE - 3;
    capAcross(tile, left, right);
    face(tile, left + (left ? 2 : 0), right - (right < TILE ? 2 : 0));
  }
  if (sides & SIDE.bottom) capDown(tile, along ? 11 : 0, TILE);
  tile.outline(INK);
  return tile;
}

/** Draws the cap of a horizontal wall. */
function capAcross(tile: Canvas, left: number, right: number): void {
  tile.each(
    (x, y) => {
      const rib = RIB[x % 8] ?? 4;
      const color =
        y < 6 ? [STONE[0], ROOF[1], ROOF[4]][Math.floor((y - 2) / 1.5)] : ROOF[Math.max(0, rib - (y > 14 ? 1 : 0))];
      tile.set(x, y, color ?? INK);
    },
    left,
    2,
    right - left,
    15,
  );
  tile.rect(left, 17, right - left, 1, INK);
}

/** Draws the cap of a vertical wall: the ridge in the middle, roof tiles on both sides. */
function capDown(tile: Canvas, top: number, bottom: number): void {
  tile.each(
    (x, y) => {
      const rib = RIB[y % 8] ?? 4;
      const side = x < 14 ? 0 : 1;
      tile.set(x, y, ROOF[Math.min(4, rib + side - (x < 7 ? 1 : 0))] ?? INK);
    },
    4,
    top,
    24,
    bottom - top,
  );
  tile.rect(13, top, 6, bottom - top, ROOF[4]);
  tile.rect(14, top, 2, bottom - top, STONE[0]);
  tile.rect(16, top, 2, bottom - top, ROOF[1]);
}

/** Draws the front of a garden wall. */
function face(tile: Canvas, left: number, right: number): void {
  tile.rect(left, 18, right - left, 5, PLASTER[1]);
  tile.rect(left, 18, right - left, 2, SHADOW, 0.45);
  tile.rect(left, 23, right - left, 8, STONE[4]);
  for (let row = 0; row < 2; row++) {
    for (let stone = -1; stone < 4; stone++) {
      const x = Math.max(left, stone * 8 + row * 4);
      const end = Math.min(right, stone * 8 + row * 4 + 7);
      if (end <= x) continue;
      tile.rect(x, 23 + row * 4, end - x, 3, hash(stone & 3, row, 17) > 0.5 ? STONE[2] : MUD[2]);
      tile.rect(x, 23 + row * 4, end - x, 1, STONE[1]);
    }
  }
  tile.rect(left, 31, right - left, 1, STONE[5]);
}

type Goods = "fruit" | "cloth" | "jars";

/** Draws a market stall of three by two tiles: a striped awning over a counter with goods. */
export function stall(stripe: Color, goods: Goods, seed: number): Canvas {
  const scene = new Canvas(3 * TILE, 2 * TILE);
  const tent = new Canvas(3 * TILE, 2 * TILE);
  for (const x of [4, 89]) tent.rect(x, 30, 3, 31, WOOD[3]);
  tent.rect(3, 38, 90, 23, WOOD[2]);
  tent.rect(3, 38, 90, 10, WOOD[4]);
  tent.rect(2, 47, 92, 3, WOOD[0]);
  tent.rect(2, 50, 92, 1, WOOD[4]);
  for (let x = 3; x < 93; x += 9) tent.rect(x, 51, 1, 10, WOOD[3]);
  tent.rect(3, 57, 90, 4, WOOD[3], 0.6);
  drawGoods(tent, goods, seed);
  tent.each(
    (x, y) => {
      const band = Math.floor(x / 8) % 2 ? stripe : PLASTER[0];
      const scallop = y > 35 + (x % 8 === 0 || x % 8 === 7 ? 0 : x % 8 === 1 || x % 8 === 6 ? 2 : 3);
      if (scallop || x < Math.max(1, 6 - y / 3) || x >= 95 - Math.max(0, 5 - y / 3)) return;
      const slope = y < 6 ? 0.12 : y < 16 ? 0 : y < 30 ? -0.12 : -0.3;
      tent.set(x, y, slope > 0 ? mix(band, LIGHT, 0.35) : mix(band, SHADOW, -slope));
    },
    0,
    3,
    96,
    36,
  );
  tent.outline(INK);
  scene.rect(6, 60, 90, 4, SHADOW, 0.3);
  scene.draw(tent, 0, 0);
  return scene;
}

/** Draws goods on the counter of a stall. */
function drawGoods(tent: Canvas, goods: Goods, seed: number): void {
  const random = seededRandom(seed);
  const fruit = [0xd9683f, 0xe8a13f, 0xb8483c, 0x9bb04e];
  const cloth = [0x4f8796, 0xbb5844, 0xe2b354, 0xf3ead6, 0x7a5a82];
  for (let slot = 0; slot < 10; slot++) {
    const x = 7 + slot * 8.4;
    if (goods === "fruit") {
      const color = fruit[Math.floor(slot / 3) % 4] ?? INK;
      for (const [dx, dy] of [
        [0, 45],
        [4, 45],
        [2, 42],
      ] as const) {
        tent.ellipse(x + dx + 1, dy, 2.6, 2.6, mix(color, SHADOW, 0.3));
        tent.ellipse(x + dx + 0.5, dy - 0.5, 1.9, 1.9, color);
        tent.set(x + dx, dy - 2, LIGHT);
      }
    } else if (goods === "cloth") {
      const color = random.pick(cloth);
      tent.rect(Math.round(x), 41, 7, 6, mix(color, SHADOW, 0.25));
      tent.rect(Math.round(x), 41, 7, 2, color);
      tent.rect(Math.round(x), 44, 7, 1, color);
    } else if (slot % 2 === 0) {
      tent.ellipse(x + 4, 43, 4.5, 5, JAR[3]);
      tent.ellipse(x + 3.5, 42.5, 3.4, 4, JAR[1]);
      tent.rect(Math.round(x) + 1, 39, 6, 1, JAR[4]);
      tent.rect(Math.round(x) + 2, 41, 1, 3, JAR[0]);
    }
  }
}

/** Draws a red column of one by two tiles. It stands on a stone and has a painted head. */
export function column(): Canvas {
  const scene = new Canvas(TILE, 2 * TILE);
  scene.ellipse(19, 58, 12, 5, SHADOW, 0.32);
  const shaft = new Canvas(TILE, 2 * TILE);
  shaft.ellipse(16, 56, 12, 6, STONE[4]);
  shaft.ellipse(16, 53, 12, 6, STONE[1]);
  shaft.ellipse(16, 53, 10, 4.6, STONE[2]);
  const ramp = [
    WOOD[2],
    0xc4634a,
    0xd67a58,
    0xc4634a,
    SOUTH_RED,
    SOUTH_RED,
    0xa34a3c,
    0xa34a3c,
    WOOD[3],
    WOOD[3],
    WOOD[4],
    WOOD[4],
  ];
  for (const [i, color] of ramp.entries()) shaft.rect(10 + i, 12, 1, 43, color);
  shaft.ellipse(16, 54, 6, 2, WOOD[4], 0.7);
  shaft.rect(8, 8, 16, 4, 0x3f6f60);
  shaft.rect(8, 8, 16, 1, 0x7fb596);
  shaft.rect(6, 4, 20, 4, BEAM_GREEN);
  shaft.rect(6, 4, 20, 1, 0x8cc2a0);
  shaft.rect(9, 16, 14, 2, 0xe2b354);
  shaft.rect(9, 14, 14, 2, 0x3c6f86);
  for (const x of [8, 14, 20]) shaft.rect(x, 5, 3, 2, 0xd98a5c);
  shaft.outline(INK);
  scene.draw(shaft, 0, 0);
  return scene;
}

/** Draws a stone lantern of one by two tiles, with a light in it. */
export function lantern(): Canvas {
  const scene = new Canvas(TILE, 2 * TILE);
  scene.ellipse(18, 58, 12, 4.5, SHADOW, 0.32);
  const stone = new Canvas(TILE, 2 * TILE);
  const part = (left: number, top: number, width: number, height: number): void => {
    stone.rect(left, top, width, height, STONE[2]);
    stone.rect(left, top, width, 1, STONE[0]);
    stone.rect(left, top + 1, 2, height - 1, STONE[1]);
    stone.rect(left + width - 3, top + 1, 3, height - 1, STONE[4]);
  };
  part(6, 52, 20, 7);
  part(9, 48, 14, 4);
  part(12, 34, 8, 14);
  part(8, 30, 16, 4);
  part(9, 19, 14, 11);
  stone.rect(13, 21, 6, 8, 0xf6cf73);
  stone.rect(14, 22, 4, 5, LIGHT);
  stone.rect(15, 21, 1, 8, STONE[4]);
  part(5, 15, 22, 4);
  part(8, 12, 16, 3);
  part(14, 7, 4, 5);
  stone.outline(INK);
  scene.draw(stone, 0, 0);
  return scene;
}

/** Draws glazed jars for soy sauce and kimchi: one large jar or three small ones. */
export function jars(count: 1 | 3): Canvas {
  const tile = new Canvas();
  const positions =
    count === 1
      ? ([[16, 17, 11]] as const)
      : ([
          [9, 11, 6.5],
          [22, 12, 7],
          [15, 22, 7.5],
        ] as const);
  const scene = new Canvas();
  for (const [x, y, radius] of positions) {
    scene.ellipse(x + 2, y + radius, radius, 3, SHADOW, 0.32);
    tile.each((px, py) => {
      const dx = (px + 0.5 - x) / radius;
      const dy = (py + 0.5 - y) / (radius * 1.05);
      if (dx * dx + dy * dy > 1 || py < y - radius * 0.75) return;
      const tone = Math.max(0, Math.min(4, Math.floor((0.45 + dx * 0.4 + dy * 0.25) * 5)));
      tile.set(px, py, JAR[tone] ?? INK);
    });
    tile.ellipse(x, y - radius * 0.72, radius * 0.72, radius * 0.3, JAR[4]);
    tile.ellipse(x, y - radius * 0.82, radius * 0.66, radius * 0.26, JAR[1]);
    tile.rect(Math.round(x - radius * 0.5), Math.round(y - radius * 0.2), 1, Math.round(radius * 0.6), LIGHT, 0.7);
  }
  tile.outline(INK);
  scene.draw(tile, 0, 0);
  return scene;
}

/** Draws a wooden crate, seen from above and from the front. */
export function crate(): Canvas {
  const tile = new Canvas();
  tile.rect(5, 27, 25, 4, SHADOW, 0.3);
  const box = new Canvas();
  box.rect(4, 4, 24, 12, WOOD[0]);
  for (const y of [7, 11]) box.rect(4, y, 24, 1, WOOD[2]);
  box.rect(4, 15, 24, 1, INK);
  box.rect(4, 16, 24, 13, WOOD[2]);
  for (const x of [4, 25]) box.rect(x, 16, 3, 13, WOOD[1]);
  box.rect(4, 16, 24, 2, WOOD[1]);
  box.rect(4, 27, 24, 2, WOOD[3]);
  for (let i = 0; i < 9; i++) box.rect(8 + i * 2, 18 + i, 2, 1, WOOD[1]);
  box.outline(INK);
  tile.draw(box, 0, 0);
  return tile;
}
