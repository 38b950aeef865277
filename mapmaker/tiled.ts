// The file format of the Tiled editor (JSON, version 1.10),
// https://doc.mapeditor.org/en/stable/reference/json-map-format/

import { TILE } from "./art/canvas.ts";
import { CORNER, SIDE } from "./art/ground.ts";
import { LAYERS, type MapDraft, type Point } from "./map-draft.ts";
import { COLUMNS, MARGIN, SPACING, tileIndex, tiles } from "./tiles.ts";

const EDITOR = { tiledversion: "1.11.0", version: "1.10" };

type Json = string | number | boolean | Json[] | { [key: string]: Json };

/** Returns a map file with its tileset embedded, because game engines such as Phaser do not read tileset files. */
export function mapFile(map: MapDraft, spawns: readonly Point[]): string {
  const tileLayers = LAYERS.map((name, i) => ({
    data: map.layers[name],
    height: map.height,
    id: i + 1,
    name,
    opacity: 1,
    type: "tilelayer",
    visible: true,
    width: map.width,
    x: 0,
    y: 0,
  }));
  const spawnLayer = {
    draworder: "topdown",
    id: tileLayers.length + 1,
    name: "spawns",
    objects: spawns.map(({ x, y }, i) => ({
      height: 0,
      id: i + 1,
      name: `spawn ${i + 1}`,
      point: true,
      rotation: 0,
      type: "spawn",
      visible: true,
      width: 0,
      x,
      y,
    })),
    opacity: 1,
    type: "objectgroup",
    visible: true,
    x: 0,
    y: 0,
  };
  return write(
    {
      compressionlevel: -1,
      height: map.height,
      infinite: false,
      layers: [...tileLayers, spawnLayer],
      nextlayerid: tileLayers.length + 2,
      nextobjectid: spawns.length + 1,
      orientation: "orthogonal",
      renderorder: "right-down",
      ...EDITOR,
      tileheight: TILE,
      tilesets: [{ firstgid: 1, ...tileset() }],
      tilewidth: TILE,
      type: "map",
      width: map.width,
    },
    map.width,
  );
}

/** Returns the tileset file, for maps drawn by hand. */
export function tilesetFile(): string {
  return write({ ...tileset(), ...EDITOR, type: "tileset" }, COLUMNS);
}

function tileset(): { [key: string]: Json } {
  const pitch = TILE + SPACING;
  return {
    columns: COLUMNS,
    image: "tiles.png",
    imageheight: (tiles.length / COLUMNS) * pitch,
    imagewidth: COLUMNS * pitch,
    margin: MARGIN,
    name: "tiles",
    spacing: SPACING,
    tilecount: tiles.length,
    tileheight: TILE,
    tiles: tiles.flatMap((tile, id) => (tile ? [{ id, type: tile.name }] : [])),
    tilewidth: TILE,
    wangsets: [
      terrains(),
      edges("garden wall", "wall", "#525969"),
      edges("hedge", "hedge", "#4d783c"),
      edges("grass bed", "bed", "#8ba650"),
      edges("earth yard", "yard", "#d2ac74"),
    ],
  };
}

/** Returns the terrains for Tiled's terrain brush, which chooses a tile by its four corners. */
function terrains(): Json {
  const color = (color: string, name: string, tile: number): Json => ({ color, name, probability: 1, tile });
  const grass = 1;
  const wangtiles: Json[] = [];
  const add = (name: string, corners: number, terrain: number): void => {
    const at = (corner: number): number => (corners & corner ? terrain : grass);
    const { topLeft, topRight, bottomRight, bottomLeft } = CORNER;
    const wangid = [0, at(topRight), 0, at(bottomRight), 0, at(bottomLeft), 0, at(topLeft)];
    wangtiles.push({ tileid: tileIndex(name), wangid });
  };
  for (let i = 0; i < 6; i++) add(`grass-${i}`, 0, grass);
  for (const [i, terrain] of ["dirt", "lush"].entries()) {
    add(`${terrain}-0`, 15, grass + i + 1);
    for (let corners = 1; corners < 16; corners++) add(`${terrain}-${corners}`, corners, grass + i + 1);
  }
  return {
    colors: [
      color("#8ba650", "grass", tileIndex("grass-0")),
      color("#d2ac74", "dirt", tileIndex("dirt-15")),
      color("#587c3d", "deep grass", tileIndex("lush-15")),
    ],
    name: "ground",
    tile: tileIndex("grass-0"),
    type: "corner",
    wangtiles: wangtiles.sort(byTile),
  };
}

/** Returns a terrain set whose tiles are chosen by the sides on which a tile of the same kind adjoins. */
function edges(name: string, tile: string, color: string): Json {
  const wangtiles = Array.from({ length: 15 }, (_, i) => {
    const at = (side: number): number => ((i + 1) & side ? 1 : 0);
    const wangid = [at(SIDE.top), 0, at(SIDE.right), 0, at(SIDE.bottom), 0, at(SIDE.left), 0];
    return { tileid: tileIndex(`${tile}-${i + 1}`), wangid };
  });
  const icon = tileIndex(`${tile}-10`);
  return { colors: [{ color, name, probability: 1, tile: icon }], name, tile: icon, type: "edge", wangtiles };
}

function byTile(one: Json, other: Json): number {
  return (one as { tileid: number }).tileid - (other as { tileid: number }).tileid;
}

/** Formats JSON with one line for each row of tiles and for each object, so that diffs of maps are readable. */
function write(value: Json, rowLength: number, indent = ""): string {
  const inner = `${indent} `;
  if (Array.isArray(value) && typeof value[0] === "number") {
    if (value.length <= 8) return `[${value.join(", ")}]`;
    const rows = Array.from({ length: value.length / rowLength }, (_, i) =>
      value.slice(i * rowLength, (i + 1) * rowLength).join(", "),
    );
    return `[${rows.join(`,\n${inner}`)}]`;
  }
  if (Array.isArray(value)) {
    return `[\n${inner}${value.map((item) => write(item, rowLength, inner)).join(`,\n${inner}`)}\n${indent}]`;
  }
  if (typeof value !== "object") return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, field]) => `"${key}": ${write(field, rowLength, inner)}`);
  const flat = Object.values(value).every(
    (field) => typeof field !== "object" || (Array.isArray(field) && field.length === 8),
  );
  return flat ? `{ ${fields.join(", ")} }` : `{\n${inner}${fields.join(`,\n${inner}`)}\n${indent}}`;
}
