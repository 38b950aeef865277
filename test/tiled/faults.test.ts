// Tests that the reader refuses a map that it cannot read, with a sentence for each fault of the map.
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import type { Json } from "../../bench/stress/map-fuzz/town.ts";
import { TiledError } from "../../tiled/tiled-error.ts";
import { faultsOf, read } from "./read.ts";

const MAP: Json = { orientation: "orthogonal", width: 2, height: 2, tilewidth: 16, tileheight: 16, layers: [] };

const map = (fields: Json): Json => ({ ...MAP, ...fields });
const withLayer = (fields: Json): Json => map({ layers: [{ type: "tilelayer", name: "벽", ...fields }] });
const withObject = (fields: Json): Json =>
  map({ layers: [{ type: "objectgroup", name: "things", objects: [{ id: 7, name: "door", ...fields }] }] });
const xml = (content: string): string =>
  `<map orientation="orthogonal" width="2" height="2" tilewidth="16" tileheight="16">${content}</map>`;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const compressed = (compression: string, bytes: Uint8Array): Json =>
  withLayer({ encoding: "base64", compression, data: base64(bytes) });

describe("a file that is not a map is refused:", () => {
  test.each<[string, unknown, string | RegExp]>([
    ["an empty file", "", "the map is missing: the file is empty"],
    ["plain text", "hello", /^the map is neither XML nor JSON: /],
    ["a JSON array", "[1, 2]", "the map holds a list; expected a JSON object"],
    ["a JSON file without layers", { name: "sabang" }, "the map has no layers; it is not a map of Tiled"],
    ["a tileset", { type: "tileset" }, 'the map has the type "tileset"; expected "map"'],
    ["a tileset in XML", "<tileset/>", 'the map has the root element "tileset"; expected "map"'],
    ["an unclosed element", "<map><layer></map>", /^the map is not valid XML: .+ in line 1$/],
    ["an unknown entity", "<map class='&nbsp;'/>", /^the map is not valid XML: .+ in line 1$/],
    ["XML without elements", "<?xml version='1.0'?>", "the map has no elements"],
    ["a DOCTYPE", "<!DOCTYPE map><map/>", "the map has a DOCTYPE, which Tiled does not write; remove it"],
    [
      "entities that expand to entities",
      '<!DOCTYPE map [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><map class="&b;"/>',
      "the map has a DOCTYPE, which Tiled does not write; remove it",
    ],
  ])("the reader refuses %s, and the error says why", (_, content, fault) => {
    expect(faultsOf(content)).toEqual([fault instanceof RegExp ? expect.stringMatching(fault) : fault]);
  });
});

describe("a map with a fault is refused with a sentence that names the place of the fault:", () => {
  const COUNT = 'layer "벽" has 3 tiles; expected 4';

  test.each<[string, unknown, string | RegExp]>([
    [
      "an unknown orientation",
      map({ orientation: "round" }),
      'the map has the orientation "round"; expected one of orthogonal, isometric, staggered, hexagonal, oblique',
    ],
    ["no width", map({ width: null }), "the map has the `width` null; expected a whole number from 1 to 2047"],
    ["a width of 1.5", map({ width: 1.5 }), "the map has the `width` 1.5; expected a whole number from 1 to 2047"],
    [
      "a height of 5000",
      map({ height: 5000 }),
      "the map has the `height` 5000; expected a whole number from 1 to 2047",
    ],
    [
      "tiles without a size",
      map({ tilewidth: 0 }),
      "the map has the `tilewidth` 0; expected a whole number from 1 to 4096",
    ],
    ["layers that are not a list", map({ layers: {} }), "the map has the `layers` an object; expected a list"],
    ["a layer that is a number", map({ layers: [5] }), "the map has 5 as item 1 of `layers`; expected an object"],
    ["a name that is a list", withLayer({ name: [1] }), 'layer "#1" has the `name` a list; expected a string'],
    ["too few tiles", withLayer({ data: [1, 2, 3] }), COUNT],
    ["too few tiles in CSV", withLayer({ encoding: "csv", data: "1,2,3" }), COUNT],
    ["too few tiles in base64", withLayer({ encoding: "base64", data: base64(Buffer.alloc(12)) }), COUNT],
    ["too few tiles in XML", xml('<layer name="벽"><data><tile/><tile gid="1"/><tile/></data></layer>'), COUNT],
    ["half a tile", withLayer({ encoding: "base64", data: "AAAA" }), 'layer "벽" has 0.75 tiles; expected 4'],
    ["too many tiles", withLayer({ data: [1, 2, 3, 4, 5] }), 'layer "벽" has 5 tiles; expected 4'],
    [
      "a tile that is negative",
      withLayer({ data: [1, -1, 3, 4] }),
      'layer "벽" has the tile -1; expected whole numbers from 0 to 4294967295',
    ],
    [
      "a tile that is a fraction",
      withLayer({ data: [1, 1.5, 3, 4] }),
      'layer "벽" has the tile 1.5; expected whole numbers from 0 to 4294967295',
    ],
    [
      "a tile that is text",
      xml('<layer name="벽"><data><tile gid="x"/><tile/><tile/><tile/></data></layer>'),
      'layer "벽" has the tile "x"; expected whole numbers from 0 to 4294967295',
    ],
    [
      "a tile of 33 bits in CSV",
      withLayer({ encoding: "csv", data: "1,4294967296,3,4" }),
      'layer "벽" has 4294967296 as tile 2; expected whole numbers from 0 to 4294967295',
    ],
    [
      "a tile that is left out in CSV",
      withLayer({ encoding: "csv", data: "1,,3,4" }),
      'layer "벽" has no number as tile 2; expected whole numbers from 0 to 4294967295',
    ],
    [
      "a letter in CSV",
      withLayer({ encoding: "csv", data: "1,2,x,4" }),
      'layer "벽" has "x" in its tile data; expected numbers and commas',
    ],
    ["data that is a number", withLayer({ data: 5 }), 'layer "벽" has the tile data 5; expected a list or a string'],
    ["invalid base64", withLayer({ encoding: "base64", data: "?" }), 'layer "벽" has tile data that is not base64'],
    [
      "an unknown encoding",
      withLayer({ encoding: "hex", data: "00" }),
      'layer "벽" has the encoding "hex"; expected "csv" or "base64"',
    ],
    [
      "an unknown compression",
      compressed("brotli", Buffer.alloc(16)),
      'layer "벽" has the compression "brotli"; expected "zlib", "gzip" or "zstd"',
    ],
    [
      "damaged zlib data",
      compressed("zlib", Buffer.alloc(16)),
      /^layer "벽" has zlib data that cannot be decompressed to 4 tiles \(/,
    ],
    [
      "damaged zstd data",
      compressed("zstd", Buffer.alloc(16)),
      /^layer "벽" has zstd data that cannot be decompressed to 4 tiles \(/,
    ],
    [
      "a chunk without a size",
      map({
        infinite: true,
        layers: [{ type: "tilelayer", name: "벽", chunks: [{ x: -16, y: 0, height: 0, data: [] }] }],
      }),
      /^the chunk at \(-16, 0\) of layer "벽" has the `width` undefined; expected a whole number from 0 to 2047$/,
    ],
    [
      "a wrong visibility in a group",
      map({ layers: [{ type: "group", name: "House", layers: [{ type: "group", name: "Roof", visible: "no" }] }] }),
      'layer "House/Roof" has the `visible` "no"; expected true or false',
    ],
    [
      "a place that is text",
      withObject({ x: "left" }),
      'object 7 "door" of layer "things" has the `x` "left"; expected a number',
    ],
    [
      "an infinite place",
      `${JSON.stringify(withObject({ x: 0 })).replace('"x":0', '"x":1e999')}`,
      /^object 7 "door" of layer "things" has the `x` Infinity/,
    ],
    [
      "a corner without a number",
      withObject({
        polygon: [
          { x: 0, y: 0 },
          { x: [], y: 1 },
        ],
      }),
      'corner 2 of object 7 "door" of layer "things" has the `x` a list; expected a number',
    ],
    [
      "a corner in XML that is not a pair",
      xml('<objectgroup name="things"><object id="7" name="door"><polygon points="0,0 1,2,3"/></object></objectgroup>'),
      'object 7 "door" of layer "things" has "1,2,3" as item 2 of `polygon`; expected an object',
    ],
    [
      "a property without a name",
      map({ properties: [{ value: 1 }] }),
      "the map has the property an object; expected an object with a name",
    ],
    [
      "a text that is a number",
      withObject({ text: 5 }),
      'object 7 "door" of layer "things" has the `text` 5; expected an object',
    ],
    ["properties that are a number", map({ properties: 5 }), "the map has the properties 5; expected a list"],
    [
      "a tileset without `firstgid`",
      map({ tilesets: [{ name: "ground" }] }),
      'tileset "ground" has the `firstgid` undefined; expected a whole number from 1 to 268435455',
    ],
    [
      "a tile with a negative id",
      map({ tilesets: [{ firstgid: 1, name: "ground", tiles: [{ id: -1 }] }] }),
      'tile -1 of tileset "ground" has the `id` -1; expected a whole number from 0 to 1048576',
    ],
  ])("a map with %s is refused", (_, content, fault) => {
    expect(faultsOf(content)).toEqual([fault instanceof RegExp ? expect.stringMatching(fault) : fault]);
  });

  test("the error for a map contains all faults of the map if there are few", () => {
    const content = map({
      layers: [
        { type: "tilelayer", name: "one", data: [1] },
        { type: "tilelayer", name: "two", data: [1, 2, 3, "4"], opacity: "half" },
        { type: "objectgroup", name: "things", objects: [{ x: {} }, { y: true }] },
      ],
    });
    const faults = [
      'layer "one" has 1 tiles; expected 4',
      'layer "two" has the `opacity` "half"; expected a number',
      'layer "two" has the tile "4"; expected whole numbers from 0 to 4294967295',
      'object 1 of layer "things" has the `x` an object; expected a number',
      'object 2 of layer "things" has the `y` true; expected a number',
    ];
    expect(faultsOf(content)).toEqual(faults);
    expect(() => read(content)).toThrow(new TiledError("town.tmj", faults));
    expect(() => read(content)).toThrow(`town.tmj cannot be read: ${faults.join("; ")}`);
  });

  test("the error for a map contains the first 100 faults, and the number of the other faults", () => {
    const faults = faultsOf(map({ layers: Array(250).fill(1) }));
    expect(faults).toHaveLength(101);
    expect(faults.at(-1)).toBe("and 150 more");
  });

  test("a fault in a tileset or a template is reported with the name of its file", () => {
    const content = { ...withObject({ template: "chest.tj" }), tilesets: [{ firstgid: 1, source: "ground.tsj" }] };
    expect(
      faultsOf(content, { "ground.tsj": { type: "tileset", columns: "x" }, "chest.tj": { type: "template" } }),
    ).toEqual(['tileset "ground.tsj" has the `columns` "x"; expected a number', 'template "chest.tj" has no object']);
    expect(faultsOf(content, { "ground.tsj": "<map/>", "chest.tj": "{" })).toEqual([
      'tileset "ground.tsj" has the root element "map"; expected "tileset"',
      expect.stringMatching(/^template "chest.tj" is incomplete: the end of the file is missing \(/),
    ]);
  });
});

describe("a map that exceeds a limit is refused:", () => {
  const chunks = (...places: [x: number, y: number][]): Json =>
    map({
      infinite: true,
      layers: [{ type: "tilelayer", chunks: places.map(([x, y]) => ({ x, y, width: 1, height: 1, data: [1] })) }],
    });
  const nested = (depth: number): Json =>
    depth === 0 ? { type: "group", name: "g" } : { type: "group", name: "g", layers: [nested(depth - 1)] };
  const nestedClass = (depth: number): unknown => (depth === 0 ? 1 : { inner: nestedClass(depth - 1) });

  test.each<[string, unknown, string, Json]>([
    [
      "a long file",
      map({ class: "x".repeat(1000) }),
      "the map has more than 1,000 characters in its file and the files that it names; save its layers as Base64 zlib",
      { textLength: 1000 },
    ],
    ["a wide map", map({ width: 9 }), "the map has the `width` 9; expected a whole number from 1 to 8", { side: 8 }],
    ["chunks far apart", chunks([0, 0], [8, 0]), "the map is 9 x 1 tiles; expected at most 8 x 8", { side: 8 }],
    [
      "many layers",
      map({ layers: Array(3).fill({ type: "tilelayer", data: [1, 2, 3, 4] }) }),
      "the map has more than 8 cells in all tile layers together",
      { cells: 8 },
    ],
    [
      "many chunks at one place",
      chunks([0, 0], [0, 0], [0, 0]),
      "the map has more than 3 cells in all tile layers together",
      { cells: 3 },
    ],
    [
      "many objects",
      map({ layers: [{ type: "objectgroup", objects: Array(9).fill({}) }] }),
      "the map has more than 10 layers, objects, corners, tiles with details, frames and properties together",
      { elements: 10 },
    ],
    [
      "many elements in XML that are not used",
      xml("<a/>".repeat(10)),
      "the map has more than 10 layers, objects, corners, tiles with details, frames and properties together",
      { elements: 10 },
    ],
    [
      "groups in groups",
      map({ layers: [nested(6)] }),
      'layer "g/g/g/g/g/g" is nested more than 5 levels deep',
      { depth: 5 },
    ],
    [
      "classes in classes",
      map({ properties: [{ name: "a", type: "class", value: nestedClass(7) }] }),
      "the map is nested more than 5 levels deep",
      { depth: 5 },
    ],
    [
      "elements in elements",
      xml("<a><a><a><a><a></a></a></a></a></a>"),
      "the element <map> is nested more than 2 levels deep",
      { depth: 2 },
    ],
  ])("the reader refuses a map that exceeds a limit: %s", (_, content, fault, limits) => {
    expect(faultsOf(content, {}, limits)).toEqual([fault]);
    expect(() => read(content)).not.toThrow();
  });

  test.each(Object.entries({ zlib: deflateSync, gzip: gzipSync, zstd: zstdCompressSync }))(
    "a map is refused if its %s data decompresses to more tiles than the layer has",
    (compression, compress) => {
      expect(faultsOf(compressed(compression, compress(Buffer.alloc(20))))).toEqual([
        expect.stringMatching(
          /^layer "벽" has \w+ data that cannot be decompressed to 4 tiles \(it holds more than 16 bytes\)$/,
        ),
      ]);
    },
  );
});
