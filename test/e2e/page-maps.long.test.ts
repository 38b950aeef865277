// Tests in a real browser that the page draws maps of other games. The tests check the colours at positions on the map.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { PNG } from "pngjs";
import { builtPage } from "../../src/http/page.ts";
import { loadMaps } from "../../src/maps/load-maps.ts";
import { startBrowser, togglePanel } from "../support/browser.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

type Color = readonly [red: number, green: number, blue: number];

const RED: Color = [200, 30, 30];
const GREEN: Color = [30, 160, 60];
const BLUE: Color = [40, 60, 200];
const YELLOW: Color = [220, 210, 40];
const WHITE: Color = [250, 250, 250];
const BLACK: Color = [10, 10, 10];
const MAGENTA: Color = [255, 0, 255];
const BACKGROUND: Color = [16, 32, 48];

/** Sizes in pixels: the side of a tile, the margin around all tiles of the image, and the spacing between two tiles. */
const TILE = 16;
const MARGIN = 2;
const SPACING = 3;

/** The tiles of the tileset: the colours of their upper left, upper right, lower left and lower right quarters. */
const TILES: readonly (readonly Color[])[] = [
  [GREEN, GREEN, GREEN, GREEN],
  [RED, GREEN, BLUE, YELLOW],
  [WHITE, WHITE, WHITE, WHITE],
  [BLACK, BLACK, BLACK, BLACK],
];

/** Returns an image in PNG format. */
function png(width: number, height: number, colorAt: (x: number, y: number) => Color): Buffer {
  const image = new PNG({ width, height });
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) image.data.set([...colorAt(x, y), 255], (y * width + x) * 4);
  }
  return PNG.sync.write(image);
}

/** The image of the tileset: two rows of two tiles. Only the margin and the spacing are magenta. */
const sheet = png(MARGIN * 2 + TILE * 2 + SPACING, MARGIN * 2 + TILE * 2 + SPACING, (x, y) => {
  const step = TILE + SPACING;
  const [column, row] = [Math.floor((x - MARGIN) / step), Math.floor((y - MARGIN) / step)];
  const [across, down] = [x - MARGIN - column * step, y - MARGIN - row * step];
  const tile = TILES[row * 2 + column];
  if (!tile || across < 0 || down < 0 || across >= TILE || down >= TILE) return MAGENTA;
  return tile[(down < TILE / 2 ? 0 : 2) + (across < TILE / 2 ? 0 : 1)]!;
});

/** A tree of two by three tiles: a trunk in the lower left tile, and a crown above it. Magenta is transparent. */
const tree = png(TILE * 2, TILE * 3, (x, y) => (y < TILE * 2 ? YELLOW : x < TILE ? BLUE : MAGENTA));

const [H, V, D] = [0x80000000, 0x40000000, 0x20000000];
/** The numbers by which the map refers to its tiles. */
const [PLAIN, QUARTERS, WAVES, TREE] = [1, 2, 3, 5];

/** The tiles of one layer. Each entry is a tile with its column and its row on the map. */
type Places = readonly (readonly [tile: number, column: number, row: number])[];
const COLUMNS = 16;
const ROWS = 12;

/** Returns a tile layer in XML. */
function layer(name: string, places: Places, attributes = ""): string {
  const cells = Array<number>(COLUMNS * ROWS).fill(0);
  for (const [tile, column, row] of places) cells[row * COLUMNS + column] = tile;
  return `<layer name="${name}" width="${COLUMNS}" height="${ROWS}" ${attributes}><data encoding="csv">${cells}</data></layer>`;
}

const TURNS = [0, H, V, D, D + H, D + V, H + V, D + H + V];

const TMX = `<map version="1.10" orientation="orthogonal" width="${COLUMNS}" height="${ROWS}" tilewidth="${TILE}" tileheight="${TILE}"
  backgroundcolor="#102030">
  <tileset firstgid="1" source="art/sheet.tsx"/>
  <tileset firstgid="5" name="trees" tilewidth="32" tileheight="48" tilecount="1" columns="0">
    <tile id="0"><image source="art/tree.png" width="32" height="48" trans="ff00ff"/></tile>
  </tileset>
  ${layer("floor", [[PLAIN, 1, 1], ...TURNS.map((turn, index) => [QUARTERS + turn, 1 + index, 3] as const), [WAVES, 3, 1]])}
  ${layer("trees", [[TREE, 12, 5]])}
  ${layer("moved", [[WAVES + 1, 5, 1]], 'offsetx="8"')}
  ${layer("tinted", [[QUARTERS, 7, 1]], 'tintcolor="#ff0000"')}
  ${layer("pale", [[PLAIN, 9, 1]], 'opacity="0.5"')}
  ${layer("hidden", [[PLAIN, 11, 1]], 'visible="0"')}
  <objectgroup name="signs"><object id="1" gid="2" x="16" y="128" width="32" height="32" rotation="90"/></objectgroup>
  ${layer("roof", [[PLAIN, 8, 8]])}
  <objectgroup name="spawns"><object id="2" name="spawn" x="136" y="136"><point/></object></objectgroup>
</map>`;

const TSX = `<tileset name="sheet" tilewidth="${TILE}" tileheight="${TILE}" margin="${MARGIN}" spacing="${SPACING}" tilecount="4" columns="2">
  <image source="sheet.png" width="39" height="39"/>
  <tile id="2"><animation><frame tileid="2" duration="300"/><frame tileid="3" duration="300"/></animation></tile>
</tileset>`;

/** A map whose pictures are missing. Tile 1 is ground, and tile 2 is solid. */
const BARE = {
  backgroundcolor: "#ff00ff",
  ...{ type: "map", orientation: "orthogonal", width: 4, height: 3, tilewidth: 48, tileheight: 48 },
  tilesets: [
    {
      ...{ firstgid: 1, name: "lost", image: "lost.png", imagewidth: 96, imageheight: 48 },
      ...{ tilewidth: 48, tileheight: 48, columns: 2, tilecount: 2, margin: 0, spacing: 0 },
      tiles: [{ id: 1, properties: [{ name: "collides", type: "bool", value: true }] }],
    },
  ],
  layers: [{ type: "tilelayer", name: "floor", width: 4, height: 3, data: [2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2] }],
};

const folder = mkdtempSync(join(tmpdir(), "sabang-page-maps-"));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "art"));
writeFileSync(join(folder, "plaza.tmx"), TMX);
writeFileSync(join(folder, "art/sheet.tsx"), TSX);
writeFileSync(join(folder, "art/sheet.png"), sheet);
writeFileSync(join(folder, "art/tree.png"), tree);
writeFileSync(join(folder, "bare.tmj"), JSON.stringify(BARE));

const { open, test } = startBrowser();
const server = startServer({ page: builtPage, mapFolder: loadMaps(folder) });

/** The colour of the game's canvas before the first frame, and its colour where there is no map. */
const NO_MAP = [
  [0, 0, 0],
  [29, 36, 40],
].map(String);

/** Opens the page on a map, and waits until it has drawn the map. */
async function openDrawn(map = "plaza"): Promise<Page> {
  const page = await open(`${server.url}/?map=${map}`);
  await until(async () => !NO_MAP.includes(String(await colorAt(page, 0.5, 0.5))));
  return page;
}

/** Returns the colour of the game at a position, which is given in tiles. */
async function colorAt(page: Page, column: number, row: number): Promise<Color> {
  return page.evaluate(
    ([x, y]) => {
      const canvas = document.querySelector<HTMLCanvasElement>("#game canvas")!;
      const { left, top, width } = window.sabang.view!;
      const scale = canvas.width / width;
      const { data } = canvas.getContext("2d")!.getImageData((x! - left) * scale, (y! - top) * scale, 1, 1);
      return [data[0]!, data[1]!, data[2]!] as const;
    },
    [column * 32, row * 32],
  );
}

/** Returns the colour of the map panel at a place, given as fractions of the panel's width and height. */
async function minimapColorAt(page: Page, across: number, down: number): Promise<Color> {
  return page.evaluate(
    ([x, y]) => {
      const canvas = document.getElementById("minimap") as HTMLCanvasElement;
      const { data } = canvas.getContext("2d")!.getImageData(canvas.width * x!, canvas.height * y!, 1, 1);
      return [data[0]!, data[1]!, data[2]!] as const;
    },
    [across, down],
  );
}

/** Returns the colours of the quarters of the tile at a place. */
async function quartersAt(page: Page, column: number, row: number): Promise<Color[]> {
  const colors: Color[] = [];
  for (const [x, y] of [
    [0.25, 0.25],
    [0.75, 0.25],
    [0.25, 0.75],
    [0.75, 0.75],
  ] as const) {
    colors.push(await colorAt(page, column + x, row + y));
  }
  return colors;
}

test("the page draws the tiles of an external tileset with margin and spacing, in all eight orientations", async () => {
  const page = await openDrawn();
  expect(await quartersAt(page, 1, 1)).toEqual([GREEN, GREEN, GREEN, GREEN]);
  const [a, b, c, d] = [RED, GREEN, BLUE, YELLOW];
  const turns = await Promise.all(TURNS.map((_, index) => quartersAt(page, 1 + index, 3)));
  expect(turns).toEqual([
    [a, b, c, d],
    [b, a, d, c],
    [c, d, a, b],
    [a, c, b, d],
    [c, a, d, b],
    [b, d, a, c],
    [d, c, b, a],
    [d, b, c, a],
  ]);
  // The edges of the drawn tile show the tile itself, and not the magenta spacing around it.
  expect([await colorAt(page, 1.02, 1.02), await colorAt(page, 1.98, 1.98)]).toEqual([GREEN, GREEN]);
});

test("the page applies the offset, the tint and the opacity of each layer, and does not draw hidden layers", async () => {
  const page = await openDrawn();
  expect(await colorAt(page, 0.5, 0.5)).toEqual(BACKGROUND);
  expect(await colorAt(page, 5.25, 1.5)).toEqual(BACKGROUND);
  expect([await colorAt(page, 5.75, 1.5), await colorAt(page, 6.25, 1.5)]).toEqual([BLACK, BLACK]);
  expect(await quartersAt(page, 7, 1)).toEqual([RED, GREEN, BLUE, YELLOW].map(([red]) => [red, 0, 0]));
  const pale = await colorAt(page, 9.5, 1.5);
  const half = GREEN.map((part, index) => (part + BACKGROUND[index]!) / 2);
  for (const [index, part] of pale.entries()) expect(Math.abs(part - half[index]!)).toBeLessThanOrEqual(2);
  expect(await colorAt(page, 11.5, 1.5)).toEqual(BACKGROUND);
});

test("a tile that is larger than its cell extends up and to the right, and its transparent colour is not drawn", async () => {
  const page = await openDrawn();
  expect(await colorAt(page, 12.5, 5.5)).toEqual(BLUE);
  expect(await colorAt(page, 13.5, 5.5)).toEqual(BACKGROUND);
  expect([await colorAt(page, 12.5, 3.1), await colorAt(page, 13.9, 4.9)]).toEqual([YELLOW, YELLOW]);
  expect([await colorAt(page, 12.5, 2.9), await colorAt(page, 11.9, 4.5)]).toEqual([BACKGROUND, BACKGROUND]);
});

test("the page draws tile objects scaled and rotated around their lower left corner", async () => {
  const page = await openDrawn();
  // The object is rotated by 90 degrees around (1, 8). It covers two by two tiles to the right of this point and below.
  expect([await colorAt(page, 1.5, 8.5), await colorAt(page, 2.5, 8.5)]).toEqual([BLUE, RED]);
  expect([await colorAt(page, 1.5, 9.5), await colorAt(page, 2.5, 9.5)]).toEqual([YELLOW, GREEN]);
});

test("the page animates tiles, but shows only their first frame if the user prefers reduced motion", async () => {
  const page = await openDrawn();
  for (const color of [WHITE, BLACK, WHITE]) {
    await until(async () => String(await colorAt(page, 3.5, 1.5)) === String(color));
  }
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.waitForTimeout(700);
  for (let check = 0; check < 8; check++) {
    expect(await colorAt(page, 3.5, 1.5)).toEqual(WHITE);
    await page.waitForTimeout(100);
  }
});

test("the page draws a layer named roof over the players, and all other layers below them", async () => {
  const page = await openDrawn();
  expect(await page.evaluate(() => window.sabang.self)).toEqual({ x: 272, y: 272 });
  expect(await colorAt(page, 8.5, 8.25)).toEqual(GREEN);
});

test("the page draws ground and walls plainly if the pictures of a map are missing", async () => {
  const page = await openDrawn("bare");
  const wall = await colorAt(page, 0.5, 2.5);
  const ground = await colorAt(page, 2.75, 1.25);
  const brightness = ([red, green, blue]: Color) => red + green + blue;
  expect(brightness(ground)).toBeGreaterThan(1.5 * brightness(wall));
  expect(await colorAt(page, 3.5, 1.5)).toEqual(wall);

  // The map panel draws ground and walls in plain colours, too.
  await togglePanel(page, "map");
  await page.waitForFunction(() => document.getElementById("minimap")!.clientWidth > 0);
  const [wallInPanel, groundInPanel] = await Promise.all([
    minimapColorAt(page, 0.9, 0.2),
    minimapColorAt(page, 0.7, 0.45),
  ]);
  expect(wallInPanel).toEqual(wall);
  expect(brightness(groundInPanel)).toBeGreaterThan(1.5 * brightness(wall));
  expect(Math.max(...groundInPanel)).toBeLessThan(200);
});
