// Tests that the server loads a folder of Tiled maps: players can join the good maps, and the bad maps are reported.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { MapError } from "../../../sim/map.ts";
import { loadMap } from "../../../src/maps/load-map.ts";
import { loadMaps } from "../../../src/maps/load-maps.ts";
import { DEFAULT_LIMITS } from "../../../tiled/limits.ts";
import { tiledMap } from "../../support/maps.ts";

let root: string;
let folder: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sabang-maps-"));
  folder = join(root, "maps");
  mkdirSync(folder);
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const write = (file: string, content: unknown) =>
  writeFileSync(join(folder, file), typeof content === "string" ? content : JSON.stringify(content));

/** A map of 4 x 2 tiles of 16 pixels in Tiled's XML format. Its left column is solid. */
const TMX = `<map version="1.10" orientation="orthogonal" width="4" height="2" tilewidth="16" tileheight="16">
  <tileset firstgid="1" source="art/tiles.tsx"/>
  <layer name="walls" width="4" height="2"><data encoding="csv">1,0,0,0,1,0,0,0</data></layer>
  <objectgroup name="spawns"><object id="1" x="40" y="16"><point/></object></objectgroup>
</map>`;
const TSX = `<tileset name="tiles" tilewidth="16" tileheight="16" tilecount="4" columns="2">
  <image source="tiles.png" width="32" height="32"/>
</tileset>`;

/** Returns the message of the MapError that loading must throw. */
function errorOf(load: () => unknown = () => loadMaps(folder)): string {
  try {
    load();
  } catch (error) {
    expect(error).toBeInstanceOf(MapError);
    return (error as MapError).message;
  }
  throw new Error("loading did not throw");
}

/** Returns the messages of the errors that loading reports. */
const errorsOf = () => loadMaps(folder).errors.map(({ message }) => message);

describe("names and files:", () => {
  test("loadMaps names each map after its file", () => {
    write("plaza.tmj", tiledMap(["s.."]));
    write("시장.tmj", tiledMap(["s", "."]));
    write("old.town.json", tiledMap(["s"]));
    write("harbour.tmx", TMX);
    const { maps, errors } = loadMaps(folder);
    expect([...maps].map(([name, map]) => [name, map.name, map.width, map.height])).toEqual([
      ["harbour", "harbour", 128, 64],
      ["old.town", "old.town", 32, 32],
      ["plaza", "plaza", 96, 32],
      ["시장", "시장", 32, 64],
    ]);
    expect(errors).toEqual([]);
    expect([...maps.values()].map(({ description }) => description.file)).toEqual([
      "files/harbour.tmx",
      "files/old.town.json",
      "files/plaza.tmj",
      `files/${encodeURIComponent("시장")}.tmj`,
    ]);
  });

  test("loadMaps ignores files that are not maps", () => {
    write("plaza.tmj", tiledMap(["s"]));
    for (const file of ["tiles.tsj", "notes.txt", "meadow.tmj.bak", "tmj", ".tmj"]) write(file, "not a map");
    write("tiles.json", { type: "tileset", name: "tiles", tilewidth: 32, tileheight: 32 });
    write("plaza.sabang.json", {});
    write("package.json", { name: "game" });
    write("numbers.json", "[1, 2]");
    mkdirSync(join(folder, "art"));
    write("art/hidden.tmj", "not a map");
    const { maps, errors } = loadMaps(folder);
    expect([[...maps.keys()], errors]).toEqual([["plaza"], []]);
  });

  test("the extension of a map's file may be in capitals", () => {
    write("plaza.JSON", tiledMap(["s"]));
    write("UP.TMX", TMX);
    write("tiles.JSON", { type: "tileset" });
    const { maps, errors } = loadMaps(folder);
    expect([[...maps.keys()], errors]).toEqual([["UP", "plaza"], []]);
  });

  test("loadMaps warns about declarations that belong to no map", () => {
    write("plaza.tmj", tiledMap(["s"]));
    write("broken.tmx", "<map");
    for (const name of ["plaza", "broken", "place"]) write(`${name}.sabang.json`, { walls: "none" });
    expect(loadMaps(folder).warnings).toEqual(["place.sabang.json belongs to no map"]);
  });

  test("errors and warnings of loadMaps escape control characters in names", () => {
    write("plaza.tmj", tiledMap(["s"]));
    write("a\u001b.tmx", "<map");
    write("b\n.sabang.json", {});
    const { errors, warnings } = loadMaps(folder);
    expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(/^map "a\\u001b" cannot be used: /)]);
    expect(warnings).toContain("b\\u000a.sabang.json belongs to no map");
  });

  test("a map with two files is refused, and the other maps are loaded", () => {
    write("plaza.tmj", tiledMap(["s"]));
    write("meadow.tmj", tiledMap(["s"]));
    write("meadow.tmx", TMX);
    expect(errorsOf()).toEqual([
      'map "meadow" cannot be used: it has the files meadow.tmj and meadow.tmx; rename all but one',
    ]);
    expect([...loadMaps(folder).maps.keys()]).toEqual(["plaza"]);
  });

  test("a map's files are its own file, its tilesets and their pictures, except for files outside the folder", () => {
    write("plaza.tmj", tiledMap(["s"]));
    write(
      "harbour.tmx",
      TMX.replace("</map>", '<imagelayer name="sky"><image source="../sky.png"/></imagelayer></map>'),
    );
    writeFileSync(join(root, "sky.png"), "");
    mkdirSync(join(folder, "art"));
    write("art/tiles.tsx", TSX);
    write("art/tiles.png", "");
    write("unused.png", "");
    const { files } = loadMaps(folder);
    expect([...files].sort()).toEqual(["art/tiles.png", "art/tiles.tsx", "harbour.tmx", "plaza.tmj"]);
    expect(loadMap("harbour", folder).sources).toEqual(["harbour.tmx", "art/tiles.tsx"]);
  });

  test("a map's files include no SVG, no link out of the folder, and no link to a file that is not a picture", () => {
    write("plaza.tmj", tiledMap(["s"]));
    write("notes.txt", "secret");
    writeFileSync(join(root, "outside.png"), "secret");
    const images = ["picture.svg", "outside.png", "notes.png"];
    write("picture.svg", "<svg/>");
    symlinkSync(join(root, "outside.png"), join(folder, "outside.png"));
    symlinkSync(join(folder, "notes.txt"), join(folder, "notes.png"));
    const layers = images.map((source) => `<imagelayer><image source="${source}"/></imagelayer>`);
    write("harbour.tmx", TMX.replace("</map>", `${layers.join("")}</map>`));
    expect([...loadMaps(folder).files].sort()).toEqual(["harbour.tmx", "plaza.tmj"]);
  });
});

describe("ground and objects:", () => {
  test("a tile is 32 units wide and high, whatever its size in pixels", () => {
    write("harbour.tmx", TMX);
    const { map } = loadMap("harbour", folder);
    expect(map.description.solid).toEqual(Array(8).fill("4#12."));
    expect(map.spawns).toEqual([{ x: 80, y: 32 }]);
  });

  test("a declaration file beside a map's file defines the map's walls and spawns", () => {
    write("harbour.tmx", TMX);
    write("harbour.sabang.json", { walls: "none", spawn: "at:0.5,0.5" });
    const { map, sources } = loadMap("harbour", folder);
    expect(map.description.solid).toEqual(Array(8).fill("16."));
    expect(map.spawns).toEqual([{ x: 16, y: 16 }]);
    expect(sources).toContain("harbour.sabang.json");
  });

  test("objects keep their class, properties and rotation; positions, sizes and points are converted to units", () => {
    write(
      "harbour.tmx",
      TMX.replace(
        "</map>",
        `<group offsetx="16"><objectgroup name="things" offsety="8">
          <object id="2" name="gate" class="door" x="16" y="8" width="16" height="8" rotation="90">
            <properties>
              <property name="key" value="gold"/><property name="tries" type="int" value="3"/>
              <property name="open" type="bool" value="false"/>
            </properties>
          </object>
          <object id="3" x="16" y="16"><polygon points="0,0 8,0 8,4"/></object>
        </objectgroup></group></map>`,
      ),
    );
    const [gate, triangle] = loadMap("harbour", folder).map.objects("things");
    // The rectangle turns around its upper left corner, so its centre moves to the left of that corner.
    expect(gate).toEqual({
      ...{ layer: "things", name: "gate", class: "door", shape: "rectangle" },
      ...{ x: 56, y: 48, width: 32, height: 16, rotation: 90, points: [] },
      properties: { key: "gold", tries: 3, open: false },
    });
    expect(triangle).toMatchObject({ shape: "polygon", x: 72, y: 52 });
    expect(triangle!.points).toEqual([
      { x: 64, y: 48 },
      { x: 80, y: 48 },
      { x: 80, y: 56 },
    ]);
  });

  test("loadMaps warns about a map without a spawn, and names the map", () => {
    write("plaza.tmj", tiledMap(["#.."]));
    expect(loadMaps(folder).warnings).toContainEqual(
      expect.stringMatching(/^map "plaza": nothing says where players start/),
    );
  });
});

describe("maps that cannot be used:", () => {
  test("loadMaps throws if the folder does not exist or is a file; the error names the path and MAPS_DIR", () => {
    const missing = join(folder, "nowhere");
    expect(errorOf(() => loadMaps(missing))).toMatch(
      /^map "plaza" cannot be used: the folder of MAPS_DIR cannot be read \(ENOENT.*\)$/,
    );
    expect(errorOf(() => loadMaps(missing))).toContain(missing);
    write("plaza.tmj", tiledMap(["s"]));
    expect(errorOf(() => loadMaps(join(folder, "plaza.tmj")))).toContain("ENOTDIR");
  });

  test.each([[[]], [["meadow"]]])(
    "loadMaps throws if the folder contains only the maps %j, and not the default map `plaza`",
    (names) => {
      for (const name of names) write(`${name}.tmj`, tiledMap(["s"]));
      expect(errorOf()).toBe(
        `map "plaza" cannot be used: there is no file plaza.tmj, plaza.tmx or plaza.json in ${folder}; see MAPS_DIR`,
      );
    },
  );

  test("loadMaps throws if the default map is invalid", () => {
    write("plaza.tmj", tiledMap(["#"]));
    write("meadow.tmj", tiledMap(["s"]));
    expect(errorOf()).toBe('map "plaza" cannot be used: a body of 24 units fits nowhere on it');
  });

  test.each(["", "{", "plaza", "null", "[]", "<tileset/>"])(
    "a file with the content %j is reported, and the other maps are loaded",
    (content) => {
      write("plaza.tmj", tiledMap(["s"]));
      write("meadow.tmj", content);
      expect(errorsOf()).toEqual([expect.stringMatching(/^map "meadow" cannot be used: the map /)]);
    },
  );

  test("a `.json` file that is neither a map nor valid JSON is reported, because it may be a damaged map", () => {
    write("plaza.tmj", tiledMap(["s"]));
    write("meadow.json", "{");
    expect(errorsOf()).toEqual([
      expect.stringContaining('map "meadow" cannot be used: the map is incomplete: the end of the file is missing'),
    ]);
  });

  test("the error about a map lists all its problems, with their layers and objects", () => {
    write("plaza.tmj", tiledMap(["s"]));
    write("harbour.tmx", TMX.replace("1,0,0,0,1,0,0,0", "1,0,0").replace('x="40"', 'x="east"'));
    const [message] = errorsOf();
    expect(message).toMatch(/^map "harbour" cannot be used:\n- .*"walls".*\n- .*object 1.*"spawns"/);
  });

  test("a folder is reported if its name ends in .tmj, and ignored if its name ends in .json", () => {
    write("plaza.tmj", tiledMap(["s"]));
    mkdirSync(join(folder, "attic.tmj"));
    mkdirSync(join(folder, "cellar.json"));
    expect(errorsOf()).toEqual(['map "attic" cannot be used: the file is not available: it is not a file']);
  });

  test("a declaration that is not JSON is reported with its map", () => {
    write("plaza.tmj", tiledMap(["s"]));
    write("harbour.tmx", TMX);
    write("harbour.sabang.json", "walls: none");
    expect(errorsOf()).toEqual([
      expect.stringMatching(/^map "harbour" cannot be used: its declaration harbour\.sabang\.json cannot be read \(/),
    ]);
  });

  test("an empty declaration file is reported as empty", () => {
    write("plaza.tmj", tiledMap(["s"]));
    write("harbour.tmx", TMX);
    write("harbour.sabang.json", "\n");
    expect(errorsOf()).toEqual([
      'map "harbour" cannot be used: its declaration harbour.sabang.json cannot be read (the file is empty)',
    ]);
  });

  test("a map that exceeds the limits is reported, even if only its decompressed data exceeds them", () => {
    write("plaza.tmj", tiledMap(["s"]));
    write("wide.tmj", tiledMap([`s${".".repeat(59)}`]));
    const packed = gzipSync(Buffer.alloc(4 * 4 * 500)).toString("base64");
    const data = `<data encoding="base64" compression="gzip">${packed}</data>`;
    write("packed.tmx", TMX.replace(/<data.*<\/data>/, data));
    write("long.json", { ...tiledMap(["s"]), filler: "x".repeat(10_000) });
    const limits = { ...DEFAULT_LIMITS, side: 50, textLength: 5000 };
    const { maps, errors } = loadMaps(folder, limits);
    expect([...maps.keys()]).toEqual(["plaza"]);
    expect(errors.map(({ message }) => /map "(\w+)"/.exec(message)![1])).toEqual(["long", "packed", "wide"]);
  });
});
