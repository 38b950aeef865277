// The maps that the fuzzer damages.
import { ENCODINGS, encoded } from "./encode.ts";
import { toXml } from "./to-xml.ts";
import { type Json, TOWN, TOWN_FILES } from "./town.ts";

/** A map, and the files that it names. */
export interface MapFiles {
  readonly text: string;
  readonly files: Readonly<Record<string, string>>;
}

/** An infinite map. Its layers begin at different places. */
const OUTPOST: Json = {
  ...{ type: "map", orientation: "orthogonal", infinite: true, width: 4, height: 4, tilewidth: 32, tileheight: 32 },
  tilesets: [{ firstgid: 1, name: "ground", tilewidth: 32, tileheight: 32, tilecount: 9, columns: 3 }],
  layers: [
    {
      ...{ type: "tilelayer", id: 1, name: "ground", width: 4, height: 2 },
      chunks: [
        { x: -2, y: 0, width: 2, height: 2, data: [1, 2, 3, 4] },
        { x: 0, y: 0, width: 2, height: 2, data: [5, 6, 7, 8] },
      ],
    },
    { type: "tilelayer", id: 2, name: "walls", chunks: [{ x: 4, y: -6, width: 2, height: 1, data: [9, 9] }] },
    { type: "objectgroup", id: 3, name: "start", objects: [{ id: 1, name: "start", x: -40, y: 20, point: true }] },
  ],
};

/** A map of Tiled 1.0 in JSON. */
const VILLAGE: Json = {
  ...{ orientation: "orthogonal", width: 2, height: 1, tilewidth: 16, tileheight: 16, version: 1 },
  ...{ properties: { spawn: 3 }, propertytypes: { spawn: "int" } },
  tilesets: [
    {
      ...{ firstgid: 1, name: "old", image: "old.png", imagewidth: 32, imageheight: 16, tilewidth: 16, tileheight: 16 },
      tiles: { 1: { animation: [{ tileid: 0, duration: 100 }] } },
      tileproperties: { 0: { collides: true } },
      tilepropertytypes: { 0: { collides: "bool" } },
    },
  ],
  layers: [
    { type: "tilelayer", name: "ground", width: 2, height: 1, data: [1, 2] },
    { type: "objectgroup", name: "things", objects: [{ gid: 2, x: 0, y: 16, properties: { open: true } }] },
  ],
};

const asFiles = (write: (json: Json) => string): MapFiles["files"] =>
  Object.fromEntries(Object.entries(TOWN_FILES).map(([path, json]) => [path, write(json)]));

const WRITERS = [JSON.stringify as (json: Json) => string, toXml];

/** The maps, in every format and encoding. */
export const SEEDS: readonly MapFiles[] = [
  ...WRITERS.flatMap((write) =>
    [TOWN, OUTPOST].flatMap((map) =>
      ENCODINGS.map((encoding) => ({ text: write(encoded(map, encoding)), files: asFiles(write) })),
    ),
  ),
  { text: JSON.stringify(VILLAGE), files: {} },
];
