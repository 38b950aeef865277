// The tile sheet: the position and the name of each tile in the tileset.

import { column, crate, front, gardenWall, jars, lantern, stall, thatch, tiledRoof } from "./art/buildings.ts";
import { Canvas, TILE } from "./art/canvas.ts";
import { bed, brick, dirt, flowers, grass, lush, lushPatch, mushrooms, paving, slab, tuft } from "./art/ground.ts";
import { mosaic } from "./art/mosaic.ts";
import { petals, shade } from "./art/overlay.ts";
import { broadleaf, hedge, pine, rock, shrub } from "./art/plants.ts";
import { basin, fountain, lotus, pond, type Shore } from "./art/water.ts";

export const COLUMNS = 16;
const ROWS = 22;

/** A border of one pixel around each tile repeats the tile's edge. So a scaled or moving camera shows no seams. */
export const MARGIN = 1;
export const SPACING = 2;

type Tile = { name: string; picture: Canvas };

/** The tiles of a pond, named by the sides on which the pond ends, in the order of a block of three by three tiles. */
const SHORES = ["nw", "n", "ne", "w", "c", "e", "sw", "s", "se"] as const;
const INNER_CORNERS = ["inner-nw", "inner-ne", "inner-sw", "inner-se"] as const;

/** The tiles by index; undefined where the sheet is empty. */
export const tiles: (Tile | undefined)[] = Array.from({ length: COLUMNS * ROWS }, () => undefined);
const indices = new Map<string, number>();

placeGround();
placeBuildings();
placePlants();
placeWater();

/**
 * Returns the index of a named tile in the sheet.
 * @throws {Error} if no tile has this name.
 */
export function tileIndex(name: string): number {
  const index = indices.get(name);
  if (index === undefined) throw new Error(`No tile has the name "${name}". The names are in mapmaker/tiles.ts.`);
  return index;
}

/** Whether a tile has this name. A large image is cut into several tiles, but its blank parts are left out. */
export function hasTile(name: string): boolean {
  return indices.has(name);
}

/** Returns the name of the pond tile that fits its neighbours. */
export function shoreTile(kind: "pond" | "basin", shore: Shore): string {
  const vertical = shore(0, -1) ? (shore(0, 1) ? "" : "s") : "n";
  const horizontal = shore(-1, 0) ? (shore(1, 0) ? "" : "e") : "w";
  if (vertical || horizontal) return `${kind}-${vertical}${horizontal}`;
  const missing = INNER_CORNERS.find((corner) => !shore(corner.endsWith("w") ? -1 : 1, corner.includes("-n") ? -1 : 1));
  return `${kind}-${missing ?? "c"}`;
}

/** Draws the whole sheet as one image, each tile with its border. */
export function drawSheet(): Canvas {
  const pitch = TILE + SPACING;
  const sheet = new Canvas(COLUMNS * pitch, ROWS * pitch);
  tiles.forEach((tile, index) => {
    if (!tile) return;
    const left = (index % COLUMNS) * pitch;
    const top = Math.floor(index / COLUMNS) * pitch;
    sheet.each(
      (x, y) => sheet.copy(tile.picture, clampToTile(x - left - MARGIN), clampToTile(y - top - MARGIN), x, y),
      left,
      top,
      pitch,
      pitch,
    );
  });
  return sheet;
}

function clampToTile(position: number): number {
  return Math.min(TILE - 1, Math.max(0, position));
}

/** Puts an image into the sheet. An image of several tiles is split into tiles named `name-column-row`. */
function place(column: number, row: number, name: string, picture: Canvas): void {
  const width = picture.width / TILE;
  const height = picture.height / TILE;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const part = picture.crop(x * TILE, y * TILE, TILE, TILE);
      const index = (row + y) * COLUMNS + column + x;
      if (tiles[index]) throw new Error(`${name} and ${tiles[index].name} have the same position in the sheet.`);
      if (part.pixels.every((value) => value === 0)) continue;
      const partName = width * height > 1 ? `${name}-${x}-${y}` : name;
      tiles[index] = { name: partName, picture: part };
      indices.set(partName, index);
    }
  }
}

/** Puts a row of tiles into the sheet, numbered from `first`. */
function placeRow(
  column: number,
  row: number,
  name: string,
  count: number,
  draw: (i: number) => Canvas,
  first = 0,
): void {
  for (let i = 0; i < count; i++) place(column + i, row, `${name}-${first + i}`, draw(first + i));
}

function placeGround(): void {
  placeRow(0, 0, "grass", 6, (i) => grass(100 + i));
  const beds = [
    ["daisies", 0xfdf6e6, 0xe9b949],
    ["buttercups", 0xf3cf55, 0xc98a34],
    ["poppies", 0xd9573f, 0x4a2a2c],
    ["cosmos", 0xeb9db4, 0xf6d977],
    ["cornflowers", 0x6f8fd0, 0x42539a],
    ["bellflowers", 0xa583c4, 0xf1e3a8],
  ] as const;
  beds.forEach(([name, petal, heart], i) => {
    const drawn = (variant: number): Canvas => flowers(petal, heart, 6, 200 + i * 10 + variant);
    place(6 + i, 0, `${name}-0`, drawn(0));
    place(6 + i, 6, `${name}-1`, drawn(1));
    place(8 + i, 21, `${name}-2`, drawn(2));
  });
  placeRow(12, 0, "tuft", 2, (i) => tuft(300 + i));
  place(14, 0, "clover", flowers(0xe8efd2, 0xcfdcae, 8, 310));
  place(15, 0, "mushrooms", mushrooms(320));

  place(0, 1, "dirt-0", dirt(15, 410));
  placeRow(1, 1, "dirt", 15, (corners) => dirt(corners, 400), 1);
  place(0, 2, "lush-0", lush(510));
  placeRow(1, 2, "lush", 15, (corners) => lushPatch(corners, 500), 1);

  place(0, 3, "paving", paving());
  placeRow(4, 3, "slab", 4, (i) => slab(600 + i));
  placeRow(8, 3, "brick", 2, (i) => brick(i));
  placeRow(10, 3, "petals", 3, (i) => petals(3 + i * 4, 610 + i));
  placeRow(4, 4, "shade", 7, shade, 1);
  placeRow(0, 7, "bed", 16, (sides) => bed("grass", sides, 700));
  placeRow(0, 8, "yard", 16, (sides) => bed("earth", sides, 710));
  place(0, 9, "mosaic", mosaic());
}

function placeBuildings(): void {
  place(10, 9, "roof", tiledRoof());
  place(13, 9, "thatch", thatch());
  (["left", "plain", "window", "door", "right"] as const).forEach((piece, i) => {
    place(6 + i, 13, `house-${piece}`, front(piece, "plaster"));
    place(11 + i, 13, `cottage-${piece}`, front(piece, "mud"));
  });
  place(6, 14, "stall-red", stall(0xc0573f, "fruit", 1));
  place(9, 14, "stall-blue", stall(0x4f8196, "cloth", 2));
  place(12, 14, "stall-yellow", stall(0xe0ac4a, "jars", 3));
  place(15, 14, "jar-1", jars(1));
  place(15, 15, "jar-3", jars(3));
  placeRow(0, 17, "wall", 16, gardenWall);
  place(4, 5, "column", column());
  place(5, 5, "lantern", lantern());
  place(6, 5, "crate", crate());
}

function placePlants(): void {
  placeRow(0, 16, "hedge", 16, hedge);
  place(0, 18, "tree", broadleaf("leaf"));
  place(3, 18, "cherry", broadleaf("cherry"));
  place(6, 18, "pine", pine());
  placeRow(7, 5, "rock", 3, (i) => rock(i as 1 | 2 | 3, 800 + i), 1);
  place(10, 5, "shrub", shrub(undefined, 810));
  place(11, 5, "azalea", shrub(0xe58aa5, 811));
}

function placeWater(): void {
  place(6, 9, "fountain", fountain());
  SHORES.forEach((name, i) => {
    const shore: Shore = (column, row) =>
      !(name.includes("n") && row < 0) &&
      !(name.includes("s") && row > 0) &&
      !(name.includes("w") && column < 0) &&
      !(name.includes("e") && column > 0);
    place(9 + (i % 3), 18 + Math.floor(i / 3), `pond-${name}`, pond(shore, 900 + i));
    place(12 + (i % 3), 18 + Math.floor(i / 3), `basin-${name}`, basin(shore, 920 + i));
  });
  INNER_CORNERS.forEach((name, i) => {
    const missing = [name.endsWith("w") ? -1 : 1, name.includes("-n") ? -1 : 1] as const;
    place(
      i,
      21,
      `pond-${name}`,
      pond((column, row) => column !== missing[0] || row !== missing[1], 940 + i),
    );
  });
  placeRow(4, 21, "lotus", 4, (i) => lotus(2 + (i % 3), i % 2 ? 2 : 1, 960 + i));
}
