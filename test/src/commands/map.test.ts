// Runs `npm run map` on small maps.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { PNG } from "pngjs";
import { COMPILE_CACHE } from "../../support/compile-cache.ts";
import { fileOf, objects, PIXELS, point, properties, rectangle, tiles } from "../../tiled/ground/map-draft.ts";

const PROGRAM = join(import.meta.dirname, "../../../src/commands/map.ts");
const HARBOUR = fileOf([
  tiles("quay", ["222222", "222222", "222222", "222222"]),
  objects("collisions", [rectangle(0, 0, 6, 1), rectangle(5, 1, 0.5, 1)]),
  objects("spawns", [point(1.5, 2.25), point(3, 2)]),
]);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sabang-map-"));
  writeFileSync(join(folder, "harbour.tmj"), HARBOUR);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs the command in the folder. */
function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...words], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...COMPILE_CACHE },
  });
  return { status, stdout, stderr };
}

test("npm run map prints how the server interprets a map, and draws the map as text", () => {
  expect(run("harbour.tmj")).toEqual({
    status: 0,
    stdout: `harbour.tmj: 6 x 4 tiles of 16 x 16 pixels

Taken for walls and spawns:
  walls: 2 objects of layer "collisions": the name of the layer
  spawns: 2 objects of layer "spawns": the name of the layer

Layers, from the lowest to the highest:
  #1 quay (tile layer)
  #2 collisions (object layer)
  #3 spawns (object layer)

######
.....+
.@.@..
......

# solid, + partly solid, . open, @ spawn
`,
    stderr: "",
  });
});

test("npm run map --json prints only JSON: the tiles and spawns of a map as the server interprets them", () => {
  const { status, stdout, stderr } = run("harbour.tmj", "--json");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(JSON.parse(stdout)).toEqual({
    width: 6,
    height: 4,
    solid: ["######", ".....+", "......", "......"],
    spawns: [
      [1.5, 2.25],
      [3, 2],
    ],
    rules: [
      'walls: 2 objects of layer "collisions": the name of the layer',
      'spawns: 2 objects of layer "spawns": the name of the layer',
    ],
    warnings: [],
  });
});

test("npm run map --png draws the tiles, and marks solid ground in red and spawns in blue", () => {
  const sheet = new PNG({ width: 9 * PIXELS, height: PIXELS });
  sheet.data.fill(255);
  writeFileSync(join(folder, "tiles.png"), PNG.sync.write(sheet));
  expect(run("harbour.tmj", "--png", "harbour.png").stdout).toMatch(/\nwrote harbour\.png\n$/);
  const picture = PNG.sync.read(readFileSync(join(folder, "harbour.png")));
  const pixel = (x: number, y: number) => {
    const at = (Math.floor(y * 16) * picture.width + Math.floor(x * 16)) * 4;
    return [...picture.data.subarray(at, at + 3)];
  };
  expect([picture.width, picture.height]).toEqual([6 * 16, 4 * 16]);
  expect(pixel(4.5, 3.5)).toEqual([255, 255, 255]);
  const [red, green, blue] = pixel(0.5, 0.5);
  expect([red! > 200, green! < 160, blue! < 160]).toEqual([true, true, true]);
  const spawn = pixel(1.5, 2.25);
  expect([spawn[0]! < 100, spawn[2]! > 200]).toEqual([true, true]);
});

test("npm run map --png draws plain ground and names the missing files if the images of the tiles are missing", () => {
  expect(run("harbour.tmj", "--png", "harbour.png").stdout).toMatch(
    /tiles\.png is not drawn: there is no such file\n$/,
  );
  expect(PNG.sync.read(readFileSync(join(folder, "harbour.png"))).width).toBe(6 * 16);
});

test("npm run map --init writes a declaration that keeps the map's walls and spawns, and does not overwrite an existing declaration", () => {
  const before = JSON.parse(run("harbour.tmj", "--json").stdout);
  expect(run("harbour.tmj", "--init").stdout).toMatch(/\nwrote harbour\.sabang\.json\n$/);
  const file = join(folder, "harbour.sabang.json");
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ walls: ["auto"], spawn: ["at:1.5,2.25", "at:3,2"] });
  const after = JSON.parse(run("harbour.tmj", "--json").stdout);
  expect([after.solid, after.spawns]).toEqual([before.solid, before.spawns]);
  expect(run("harbour.tmj", "--init")).toMatchObject({ status: 1, stderr: "harbour.sabang.json exists already\n" });
});

test("npm run map --init writes `auto` for the spawns of a map that has no spawns", () => {
  writeFileSync(join(folder, "cliff.tmj"), fileOf([tiles("collisions", ["111111", "111111", "111111", "111111"])]));
  run("cliff.tmj", "--init");
  const declaration = JSON.parse(readFileSync(join(folder, "cliff.sabang.json"), "utf8"));
  expect(declaration).toEqual({ walls: ["auto"], spawn: ["auto"] });
});

test("npm run map exits with 1 for a map that the server refuses, and prints all problems of the map", () => {
  writeFileSync(join(folder, "harbour.sabang.json"), '{ "walls": "layer:wall", "spawn": "layer:start" }');
  const { status, stdout } = run("harbour.tmj");
  expect(status).toBe(1);
  expect(stdout).toContain(`Problems: the server refuses this map:
  there is no layer "wall"; layers: "quay", "collisions", "spawns"
  there is no layer "start"; layers: "quay", "collisions", "spawns"
`);
  expect(stdout).toContain("\n\nWhat could be read so far; the server does not use it:\n\n......\n");
  expect(run("harbour.tmj", "--json")).toEqual({
    status: 1,
    stdout: "",
    stderr: `there is no layer "wall"; layers: "quay", "collisions", "spawns"
there is no layer "start"; layers: "quay", "collisions", "spawns"
`,
  });
});

test("npm run map prints a table of the maps in a folder, and exits with 1 if the server refuses one of them", () => {
  writeFileSync(join(folder, "harbour.sabang.json"), '{ "walls": ["auto"] }');
  writeFileSync(join(folder, "tiles.json"), '{ "type": "tileset" }');
  writeFileSync(join(folder, "isle.json"), fileOf([], {}, { orientation: "isometric" }));
  writeFileSync(join(folder, "broken.tmx"), "<map");
  const { status, stdout } = run(".");
  expect(status).toBe(1);
  expect(stdout.split("\n").map((row) => row.split(" | ").slice(0, 4).join(" | "))).toEqual([
    "| map | tiles | solid | spawns",
    "| --- | --- | ---: | ---:",
    "| broken.tmx |  |  | ",
    "| harbour.tmj | 6 x 4 | 7 | 2",
    "| isle.json | 6 x 4 |  | ",
    "",
  ]);
});

test("npm run map warns about a declaration without a map, and does not accept a declaration as an argument", () => {
  writeFileSync(join(folder, "harbor.sabang.json"), '{ "walls": "none" }');
  const { status, stdout } = run(".");
  expect(status).toBe(0);
  expect(stdout).toMatch(/\n\nWarnings:\n {2}harbor\.sabang\.json belongs to no map\n$/);
  expect(run("harbor.sabang.json")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("harbor.sabang.json is a declaration of walls and spawns, not a map"),
  });
});

test("npm run map lists portals with their positions in tiles, and warns about portals that lead nowhere", () => {
  const to = (portal: string, arrival?: string) => ({
    properties: properties({ portal, ...(arrival && { arrival }) }),
  });
  writeFileSync(
    join(folder, "isle.tmj"),
    fileOf([
      objects("portals", [
        rectangle(1, 1, 1, 1, { name: "ferry", ...to("harbour") }),
        point(3.5, 2, { name: "bridge", ...to("isle", "ferry") }),
        point(4, 2, { name: "tunnel", ...to("lagoon") }),
      ]),
    ]),
  );
  const { stdout } = run("isle.tmj");
  expect(stdout).toContain(`Portals:
  "ferry" at (1.50, 1.50) to the map "harbour", at a spawn
  "bridge" at (3.50, 2.00) to the map "isle", at its object "ferry"
  "tunnel" at (4.00, 2.00) to the map "lagoon", at a spawn
`);
  const warning = 'its portal "tunnel" at (4.00, 2.00) leads to the map "lagoon", which cannot be played on';
  expect(stdout).toContain(`\n  ${warning}\n`);
  expect(stdout.match(/its portal/g)).toHaveLength(1);
  expect(run(".").stdout).toContain(warning);
});

test("npm run map escapes control characters in names, and also column separators in its table", () => {
  const name = "wall\u001b[2J\n| a | b";
  const layers = [objects(name, [rectangle(0, 0, 1, 1)]), objects("spawns", [point(-9, -9), point(3, 2)])];
  writeFileSync(join(folder, "harbour.tmj"), fileOf(layers));
  writeFileSync(join(folder, "isle|\n.tmx"), '<map orientation="\u0085|"/>');
  const { stdout } = run("harbour.tmj");
  expect(stdout).toContain("  #1 wall\\u001b[2J\\u000a| a | b (object layer)\n");
  const table = run(".").stdout;
  expect(table.split("\n")).toHaveLength(2 + 2 + 1);
  expect(table).toContain("\n| isle\\|\\u000a.tmx | ");
  expect(stdout + table).not.toMatch(/[^\P{Cc}\n]/u);
});

test("npm run map prints an error in one line if the picture cannot be written", () => {
  const { status, stderr } = run("harbour.tmj", "--png", "nowhere/harbour.png");
  expect(status).toBe(2);
  expect(stderr).toMatch(/^error: cannot write nowhere\/harbour\.png \(ENOENT[^\n]*\)\nSee npm run map -- --help\n$/);
});

test.each([[["lagoon.tmj"]], [[]], [[".", "--json"]]])("npm run map rejects invalid arguments: %j", (words) => {
  expect(run(...words)).toMatchObject({ status: 2, stdout: "" });
});
