// Stamps: the cells that a tile makes solid, relative to its place.
import { tileOf, turnOf } from "../gid.ts";
import type { Point, Tile, TiledMap, Tileset } from "../model.ts";
import type { Cells } from "./cells.ts";
import { cover, crossingsOf } from "./cover.ts";
import { outlinesOf, toUnits } from "./outline.ts";
import { CELL, CELLS_PER_TILE } from "./units.ts";

/** A rectangle of cells, relative to the upper left cell of a tile's place. */
export interface Stamp {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The stamps of a tile that is solid as a whole. */
export const WHOLE_TILE: readonly Stamp[] = [{ left: 0, top: 0, width: CELLS_PER_TILE, height: CELLS_PER_TILE }];

/**
 * Returns a function that takes a global tile id with flags, and returns the cells that the tile's collision shapes
 * cover.
 * @param spend counts the work. It receives the number of cells of each tile, and the number of crossings of each
 * polygon.
 */
export function stampsOf(map: TiledMap, spend: (amount: number) => void): (gid: number) => readonly Stamp[] {
  const known = new Map<number, readonly Stamp[]>();
  return (gid) => {
    let stamps = known.get(gid);
    if (!stamps) {
      const { tileset, tile } = tileOf(map, gid) ?? {};
      stamps = tileset && tile ? stampsOfTile(map, gid, tileset, tile, spend) : [];
      known.set(gid, stamps);
    }
    return stamps;
  };
}

function stampsOfTile(
  map: TiledMap,
  gid: number,
  tileset: Tileset,
  { shapes }: Tile,
  spend: (amount: number) => void,
): Stamp[] {
  if (shapes.length === 0) return [];
  const { size, turn } = turner(gid, tileset);
  // The picture of a tile is aligned with the lower left corner of the tile's place.
  const corner = { x: tileset.tileOffset.x, y: map.tileHeight - size.y + tileset.tileOffset.y };
  const start = toUnits(corner, map);
  const end = toUnits({ x: corner.x + size.x, y: corner.y + size.y }, map);
  const left = Math.floor(start.x / CELL);
  const top = Math.floor(start.y / CELL);
  const columns = Math.min(map.width * CELLS_PER_TILE, Math.ceil(end.x / CELL) - left);
  const rows = Math.min(map.height * CELLS_PER_TILE, Math.ceil(end.y / CELL) - top);
  spend(columns * rows);
  const cells: Cells = { columns, rows, solid: new Uint8Array(columns * rows) };
  const toCells = (point: Point) => {
    const { x, y } = turn(point);
    const inUnits = toUnits({ x: x + corner.x, y: y + corner.y }, map);
    return { x: inUnits.x - left * CELL, y: inUnits.y - top * CELL };
  };
  const polygons = shapes.flatMap((shape) => outlinesOf(shape, map)).map((outline) => outline.map(toCells));
  for (const polygon of polygons) spend(crossingsOf(polygon, cells));
  cover(cells, polygons);
  const stamps: Stamp[] = [];
  cells.solid.forEach((solid, index) => {
    if (solid === 1)
      stamps.push({ left: left + (index % columns), top: top + Math.floor(index / columns), width: 1, height: 1 });
  });
  return stamps;
}

/**
 * Returns the size of a tile after its flags have turned it. Also returns a function that turns a place in the tile in
 * the same way. All lengths are in pixels.
 */
function turner(gid: number, { tileWidth, tileHeight }: Tileset): { size: Point; turn(point: Point): Point } {
  const { flippedDiagonally, flippedHorizontally, flippedVertically } = turnOf(gid);
  const size = flippedDiagonally ? { x: tileHeight, y: tileWidth } : { x: tileWidth, y: tileHeight };
  return {
    size,
    turn({ x, y }) {
      const [right, down] = flippedDiagonally ? [y, x] : [x, y];
      return { x: flippedHorizontally ? size.x - right : right, y: flippedVertically ? size.y - down : down };
    },
  };
}
