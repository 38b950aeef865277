// Tests the drawing of a map. A drawing is plain data, so clients can draw the map without reading Tiled's files.
import { expect, test } from "@jest/globals";
import type { Drawing, Picture, TileCells } from "../../../tiled/drawing/drawing.ts";
import { drawingOf } from "../../../tiled/drawing/drawing-of.ts";
import { read } from "../read.ts";

const SHEET = {
  ...{
    firstgid: 1,
    name: "sheet",
    image: "art/sheet.png",
    imagewidth: 39,
    imageheight: 39,
    tilewidth: 10,
    tileheight: 10,
  },
  ...{ columns: 3, tilecount: 9, margin: 1, spacing: 3 },
};

/** Returns the drawing of a map of 2 x 1 tiles of 10 x 20 pixels. Images whose names begin with "lost" are missing. */
function drawing(changes: object, files: Record<string, unknown> = {}): Drawing {
  const map = {
    ...{ type: "map", orientation: "orthogonal", width: 2, height: 1, tilewidth: 10, tileheight: 20 },
    ...{ tilesets: [SHEET], layers: [], ...changes },
  };
  return drawingOf(read(map, files), (source) => (source.startsWith("lost") ? undefined : `../files/${source}`));
}

/** Returns a tile layer. */
const cells = (data: number[], changes: object = {}) => ({ type: "tilelayer", name: "floor", data, ...changes });

/** Returns a layer of objects. */
const objects = (...list: object[]) => ({ type: "objectgroup", name: "things", objects: list });

/** Returns the pictures of the first layer. */
const picturesOf = ({ layers }: Drawing) => (layers[0] as { pictures: readonly Picture[] }).pictures;

test("a drawing has the size of the map, its background, and only the images and tiles that are used", () => {
  const unused = { ...SHEET, firstgid: 20, image: "unused.png" };
  const result = drawing({ backgroundcolor: "#10203F", tilesets: [SHEET, unused], layers: [cells([0, 5])] });
  expect(result).toEqual({
    ...{ columns: 2, rows: 1, tileWidth: 10, tileHeight: 20, background: "#10203f" },
    images: [{ url: "../files/art/sheet.png" }],
    tiles: [
      {
        frames: [
          // The fifth tile of the image is in the second row and the second column. It is drawn at the lower edge of
          // its cell.
          { image: 0, part: { x: 14, y: 14, width: 10, height: 10 }, x: 0, y: 10, width: 10, height: 10, duration: 0 },
        ],
      },
    ],
    layers: [{ over: false, opacity: 1, x: 0, y: 0, cells: [0, 1] }],
  });
});

test("a drawing lists a tile once for each combination of flips, and cells refer to the listed tiles by number", () => {
  const [H, V, D] = [0x80000000, 0x40000000, 0x20000000];
  const { tiles, layers } = drawing({
    width: 6,
    layers: [cells([2, 2 + H, 2 + V, 2 + D, 2 + D + H, 2])],
  });
  expect((layers[0] as TileCells).cells).toEqual([1, 2, 3, 4, 5, 1]);
  expect(tiles.map(({ frames, ...turn }) => turn)).toEqual([
    {},
    { flipX: true },
    { flipY: true },
    { swap: true },
    { swap: true, flipX: true },
  ]);
});

test("the flag that rotates tiles on hexagonal maps does not change how a tile of an orthogonal map is drawn", () => {
  const { tiles } = drawing({ layers: [cells([2, 2 + 0x10000000])] });
  expect(tiles[1]).toEqual(tiles[0]);
});

test("the tiles of a tileset with its own file are drawn from the image that this file names", () => {
  const { firstgid, image, ...content } = SHEET;
  const { images } = drawing(
    { tilesets: [{ firstgid: 1, source: "sets/sheet.tsj" }], layers: [cells([1, 0])] },
    { "sets/sheet.tsj": { ...content, image: "../art/sheet.png" } },
  );
  expect(images).toEqual([{ url: "../files/art/sheet.png" }]);
});

test("a tile that is larger than its cell is aligned with the cell's lower left corner, plus the tileset's offset", () => {
  const tree = { id: 0, image: "tree.png", imagewidth: 30, imageheight: 50 };
  const collection = {
    firstgid: 1,
    name: "trees",
    tilewidth: 30,
    tileheight: 50,
    columns: 0,
    tilecount: 1,
    tiles: [tree],
  };
  const tilesets = [{ ...collection, tileoffset: { x: 2, y: 3 } }];
  const [upright, lying] = drawing({ tilesets, layers: [cells([1, 1 + 0x20000000])] }).tiles;
  expect(upright!.frames).toEqual([{ image: 0, x: 2, y: -27, width: 30, height: 50, duration: 0 }]);
  expect(lying!.frames[0]).toMatchObject({ x: 2, y: -7, width: 50, height: 30 });
});

test("a tile that is scaled to the grid fills its cell, unless its tileset keeps the proportions of tiles", () => {
  const frames = (changes: object) =>
    drawing({ tilesets: [{ ...SHEET, tilerendersize: "grid", ...changes }], layers: [cells([1, 0])] }).tiles[0]!.frames;
  expect(frames({})[0]).toMatchObject({ x: 0, y: 0, width: 10, height: 20 });
  expect(frames({ fillmode: "preserve-aspect-fit" })[0]).toMatchObject({ x: 0, y: 5, width: 10, height: 10 });
});

test("each frame of an animated tile has its own duration, and the flips of the tile apply to all frames", () => {
  const animation = [
    { tileid: 1, duration: 100 },
    { tileid: 2, duration: 250 },
  ];
  const [tile] = drawing({
    tilesets: [{ ...SHEET, tiles: [{ id: 0, animation }] }],
    layers: [cells([1 + 0x80000000, 0])],
  }).tiles;
  expect(tile).toMatchObject({ flipX: true });
  expect(tile!.frames.map(({ part, duration }) => [part!.x, duration])).toEqual([
    [14, 100],
    [27, 250],
  ]);
});

test("tiles without an available image, and tiles of a missing tileset, are listed without an image", () => {
  const lost = { ...SHEET, firstgid: 20, image: "lost.png" };
  const { tiles, images } = drawing({
    width: 3,
    tilesets: [SHEET, lost, { firstgid: 40, source: "lost.tsx" }],
    layers: [cells([20, 41, 1])],
  });
  expect(images).toEqual([{ url: "../files/art/sheet.png" }]);
  expect(tiles.map(({ frames }) => frames.map(({ image }) => image))).toEqual([[-1], [-1], [0]]);
});

test("a drawing leaves out hidden, transparent and empty layers, and the layers of hidden groups", () => {
  const floor = cells([1, 1]);
  const { layers } = drawing({
    layers: [
      ...[{ ...floor, visible: false }, { ...floor, opacity: 0 }, cells([0, 0]), objects({ id: 1, x: 0, y: 0 })],
      { type: "group", name: "attic", visible: false, layers: [floor] },
      { type: "group", name: "cellar", layers: [{ ...floor, opacity: 0.5 }] },
    ],
  });
  expect(layers).toEqual([{ over: false, opacity: 0.5, x: 0, y: 0, cells: [1, 1] }]);
});

test("the opacity, tint and offset of a layer are combined with the values of its groups", () => {
  const layer = cells([1, 0], { opacity: 0.5, tintcolor: "#80ff8000", offsetx: 3, offsety: 4 });
  const group = {
    type: "group",
    name: "g",
    opacity: 0.5,
    tintcolor: "#ff0000",
    offsetx: 10,
    offsety: -1,
    layers: [layer],
  };
  expect(drawing({ layers: [group] }).layers).toEqual([
    { over: false, opacity: 0.25 * (128 / 255), tint: "#ff0000", x: 13, y: 3, cells: [1, 0] },
  ]);
});

test("a drawing contains the transparent color of an image", () => {
  const { images } = drawing({ tilesets: [{ ...SHEET, transparentcolor: "#ff00ff" }], layers: [cells([1, 0])] });
  expect(images).toEqual([{ url: "../files/art/sheet.png", transparent: "#ff00ff" }]);
});

test("visible tile objects become pictures, sorted by the y of the objects and placed by their upper left corners", () => {
  const low = { id: 1, gid: 1, x: 4, y: 18, width: 10, height: 6, rotation: 180 };
  const high = { id: 2, gid: 2 + 0x80000000, x: 8, y: 10, width: 20, height: 10 };
  const result = drawing({ layers: [objects(low, high, { ...low, id: 3, visible: false }, { id: 4, x: 1, y: 1 })] });
  const [first, second, ...others] = picturesOf(result);
  expect(others).toEqual([]);
  expect(first).toEqual({ tile: 1, x: 8, y: 0, width: 20, height: 10, rotation: 0, opacity: 1 });
  expect(result.tiles[0]).toMatchObject({ flipX: true });
  // An object is rotated around its lower left corner, but a picture is rotated around its middle. So their places
  // differ.
  expect(second!.x).toBeCloseTo(-6);
  expect(second!.y).toBeCloseTo(18);
  expect(second).toMatchObject({ tile: 2, width: 10, height: 6, rotation: 180 });
});

test("an image layer becomes a picture of its whole image", () => {
  const sky = {
    type: "imagelayer",
    name: "sky",
    image: "sky.png",
    imagewidth: 64,
    imageheight: 32,
    offsetx: 5,
    offsety: 6,
  };
  const result = drawing({ tilesets: [], layers: [sky] });
  expect(result.layers).toEqual([
    {
      over: false,
      opacity: 1,
      x: 5,
      y: 6,
      pictures: [{ tile: 1, x: 0, y: 0, width: 64, height: 32, rotation: 0, opacity: 1 }],
    },
  ]);
  expect(result.tiles[0]!.frames[0]).not.toHaveProperty("part");
});
