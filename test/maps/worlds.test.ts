import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { PNG } from "pngjs";
import { SIGHT } from "../../rooms/interest/grid.ts";
import { readMap } from "../../sim/map.ts";
import { TILE } from "../../sim/rules.ts";
import { isFree } from "../../sim/step.ts";

const FOLDER = join(import.meta.dirname, "../../maps");

/** What a Tiled file has to hold: https://doc.mapeditor.org/en/stable/reference/json-map-format/ */
interface TiledFile {
  type: string;
  version: string;
  tiledversion: string;
  orientation: string;
  renderorder: string;
  infinite: boolean;
  width: number;
  height: number;
  tilewidth: number;
  tileheight: number;
  nextlayerid: number;
  nextobjectid: number;
  layers: TiledLayer[];
  tilesets: TiledTileset[];
}
interface TiledLayer {
  type: string;
  name: string;
  id: number;
  opacity: number;
  visible: boolean;
  x: number;
  y: number;
  width?: number;
  height?: number;
  data?: number[];
  draworder?: string;
  objects?: Record<string, unknown>[];
}
interface TiledTileset {
  firstgid: number;
  name: string;
  image: string;
  imagewidth: number;
  imageheight: number;
  tilewidth: number;
  tileheight: number;
  tilecount: number;
  columns: number;
  margin: number;
  spacing: number;
}

const read = (name: string) => JSON.parse(readFileSync(join(FOLDER, `${name}.tmj`), "utf8")) as TiledFile;

const WORLDS = [
  { name: "plaza", tiles: 64, leastSpawns: 64 },
  { name: "meadow", tiles: 128, leastSpawns: 400 },
];

// Whoever adds a map adds a file and nothing else: that it can be played on is all that is asked of it here.
test("every map of this repository can be played on", () => {
  const names = readdirSync(FOLDER).filter((file) => file.endsWith(".tmj"));
  expect(names).toEqual(expect.arrayContaining(WORLDS.map(({ name }) => `${name}.tmj`)));
  for (const name of names) expect(readMap(name, JSON.parse(readFileSync(join(FOLDER, name), "utf8")))).toBeDefined();
});

describe.each(WORLDS)("the map $name", ({ name, tiles, leastSpawns }) => {
  const file = read(name);
  const map = readMap(name, file);

  test(`is ${tiles} x ${tiles} tiles large`, () => {
    expect([map.width, map.height]).toEqual([tiles * TILE, tiles * TILE]);
  });

  test(`has ${leastSpawns} spawns or more, no two in one place, each in the middle of an open tile`, () => {
    expect(map.spawns.length).toBeGreaterThanOrEqual(leastSpawns);
    expect(new Set(map.spawns.map(({ x, y }) => `${x},${y}`)).size).toBe(map.spawns.length);
    for (const { x, y } of map.spawns) {
      expect([x % TILE, y % TILE]).toEqual([TILE / 2, TILE / 2]);
      expect(isFree(x, y, map)).toBe(true);
    }
  });

  test("has walls and open ground", () => {
    const solid = file.layers.find((layer) => layer.name === "walls")!.data!.filter((tile) => tile !== 0).length;
    expect(solid).toBeGreaterThan(0);
    expect(solid).toBeLessThan((tiles * tiles) / 2);
  });

  test("can be walked all over: every open tile is reached from the first spawn", () => {
    const start = { x: Math.floor(map.spawns[0]!.x / TILE), y: Math.floor(map.spawns[0]!.y / TILE) };
    const key = (x: number, y: number) => y * tiles + x;
    const reached = new Set([key(start.x, start.y)]);
    const queue = [start];
    for (let tile = queue.pop(); tile; tile = queue.pop()) {
      const { x, y } = tile;
      for (const next of [
        { x: x - 1, y },
        { x: x + 1, y },
        { x, y: y - 1 },
        { x, y: y + 1 },
      ]) {
        if (map.isWall(next.x, next.y) || reached.has(key(next.x, next.y))) continue;
        reached.add(key(next.x, next.y));
        queue.push(next);
      }
    }
    const pockets: string[] = [];
    for (let y = 0; y < tiles; y++) {
      for (let x = 0; x < tiles; x++) if (!map.isWall(x, y) && !reached.has(key(x, y))) pockets.push(`${x},${y}`);
    }
    expect(pockets).toEqual([]);
  });

  describe("as a Tiled file", () => {
    test("says what it is", () => {
      expect(file).toMatchObject({
        type: "map",
        version: expect.stringMatching(/^1\.\d+$/),
        tiledversion: expect.stringMatching(/^\d+\.\d+\.\d+$/),
        orientation: "orthogonal",
        renderorder: "right-down",
        infinite: false,
        width: tiles,
        height: tiles,
        tilewidth: 32,
        tileheight: 32,
      });
    });

    test("has the layers ground, walls, decor and spawns from the bottom to the top", () => {
      expect(file.layers.map((layer) => [layer.name, layer.type])).toEqual([
        ["ground", "tilelayer"],
        ["walls", "tilelayer"],
        ["decor", "tilelayer"],
        ["spawns", "objectgroup"],
      ]);
    });

    test("gives each layer an id of its own below the next one, and its place, opacity and visibility", () => {
      const ids = file.layers.map((layer) => layer.id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(file.nextlayerid).toBe(Math.max(...ids) + 1);
      for (const layer of file.layers) {
        expect(layer).toMatchObject({ id: expect.any(Number), opacity: 1, visible: true, x: 0, y: 0 });
      }
    });

    test("gives each layer of tiles its size and as many tiles of the tileset", () => {
      const { firstgid, tilecount } = file.tilesets[0]!;
      for (const layer of file.layers.filter(({ type }) => type === "tilelayer")) {
        expect(layer).toMatchObject({ width: tiles, height: tiles });
        expect(layer.data).toHaveLength(tiles * tiles);
        const unknown = layer.data!.filter(
          (tile) => tile !== 0 && !(Number.isInteger(tile) && tile >= firstgid && tile < firstgid + tilecount),
        );
        expect({ layer: layer.name, unknown }).toEqual({ layer: layer.name, unknown: [] });
      }
    });

    test("gives each spawn what a point object has, with an id of its own below the next one", () => {
      const layer = file.layers.find(({ name }) => name === "spawns")!;
      expect(layer.draworder).toBe("topdown");
      const ids = layer.objects!.map((object) => object.id as number);
      expect(new Set(ids).size).toBe(ids.length);
      expect(file.nextobjectid).toBe(Math.max(...ids) + 1);
      for (const object of layer.objects!) {
        expect(object).toMatchObject({
          id: expect.any(Number),
          name: expect.any(String),
          type: expect.any(String),
          point: true,
          visible: true,
          rotation: 0,
          width: 0,
          height: 0,
          x: expect.any(Number),
          y: expect.any(Number),
        });
      }
    });

    test("holds its tileset itself, whose measures fit each other and the picture", () => {
      expect(file.tilesets).toHaveLength(1);
      const set = file.tilesets[0]!;
      expect(set).toMatchObject({
        firstgid: 1,
        name: expect.any(String),
        image: "tiles.png",
        tilewidth: 32,
        tileheight: 32,
        margin: expect.any(Number),
        spacing: expect.any(Number),
      });
      const picture = PNG.sync.read(readFileSync(join(FOLDER, set.image)));
      expect([set.imagewidth, set.imageheight]).toEqual([picture.width, picture.height]);
      // As Tiled counts: the tiles that fit between the margins, with a space between two.
      const countIn = (length: number) => Math.floor((length - 2 * set.margin + set.spacing) / (32 + set.spacing));
      expect(set.columns).toBe(countIn(set.imagewidth));
      expect(set.tilecount).toBe(countIn(set.imagewidth) * countIn(set.imageheight));
    });
  });
});

test("who appears on the plaza is in sight of everybody else who has just appeared", () => {
  const { spawns } = readMap("plaza", JSON.parse(readFileSync(join(FOLDER, "plaza.tmj"), "utf8")));
  for (const axis of ["x", "y"] as const) {
    const places = spawns.map((spawn) => spawn[axis]);
    expect(Math.max(...places) - Math.min(...places)).toBeLessThan(SIGHT);
  }
});
