// Computes the solid cells of a map from its claims. A claim is a part of the map, and the reason why it is solid.
import { tileNumber } from "../gid.ts";
import type { TiledMap, TileLayer } from "../model.ts";
import { type Cells, fill, openCells } from "./cells.ts";
import type { Claim, InverseClaim, ObjectsClaim } from "./claims.ts";
import { cover, crossingsOf, type Polygon } from "./cover.ts";
import { outlinesOf, toUnits } from "./outline.ts";
import { type Stamp, stampsOf, WHOLE_TILE } from "./stamps.ts";
import { CELL, CELLS_PER_TILE } from "./units.ts";

/**
 * Maximum work for the shapes of one map, mainly the number of times that an edge crosses a row of units. This much
 * work takes up to three seconds.
 */
const MAX_SHAPE_WORK = 16_000_000;

/** Thrown if processing the shapes of a map would take too long. */
export class ShapeWorkError extends Error {
  constructor() {
    super("its shapes have too many corners, or are too large; use fewer objects and collision shapes");
    this.name = "ShapeWorkError";
  }
}

/**
 * Returns the cells that the claims make solid.
 * @throws {ShapeWorkError} if the shapes need more work than `maxWork`.
 */
export function solidCells(map: TiledMap, claims: readonly Claim[], maxWork = MAX_SHAPE_WORK): Cells {
  const cells = openCells(map.width, map.height);
  let outlines: Polygon[] = [];
  let work = 0;
  const spend = (amount: number) => {
    work += amount;
    if (!(work <= maxWork)) throw new ShapeWorkError();
  };
  for (const claim of claims) {
    switch (claim.type) {
      case "tiles":
        fillPlaces(cells, map, claim.layer, (gid) => (claim.isSolid(tileNumber(gid)) ? WHOLE_TILE : []));
        break;
      case "tile shapes":
        fillPlaces(cells, map, claim.layer, stampsOf(map, spend), spend);
        break;
      case "inverse":
        fillInverse(cells, map, claim);
        break;
      case "objects":
        outlines = outlines.concat(outlinesInUnits(claim, map));
    }
  }
  for (const outline of outlines) spend(crossingsOf(outline, cells));
  cover(cells, outlines);
  return cells;
}

function outlinesInUnits({ objects, layer }: ObjectsClaim, map: TiledMap): Polygon[] {
  const { offset } = layer.effective;
  return objects
    .flatMap((object) => outlinesOf(object, map))
    .map((outline) => outline.map(({ x, y }) => toUnits({ x: x + offset.x, y: y + offset.y }, map)));
}

/**
 * Makes cells of a layer solid. `stamps` returns the cells that each tile makes solid. The layer's offset is rounded to
 * cells.
 */
function fillPlaces(
  cells: Cells,
  map: TiledMap,
  { gids, effective }: TileLayer,
  stamps: (gid: number) => readonly Stamp[],
  spend: (amount: number) => void = () => {},
): void {
  const offset = toUnits(effective.offset, map);
  const right = Math.round(offset.x / CELL);
  const down = Math.round(offset.y / CELL);
  gids.forEach((gid, index) => {
    if (gid === 0) return;
    const column = (index % map.width) * CELLS_PER_TILE + right;
    const row = Math.floor(index / map.width) * CELLS_PER_TILE + down;
    const all = stamps(gid);
    spend(all.length);
    for (const { left, top, width, height } of all) fill(cells, column + left, row + top, width, height);
  });
}

/** Makes a square of the map solid if it has no open tile in any of the layers. */
function fillInverse(cells: Cells, map: TiledMap, { layers, isOpen }: InverseClaim): void {
  for (let index = 0; index < map.width * map.height; index++) {
    if (layers.some(({ gids }) => isOpen(tileNumber(gids[index]!)))) continue;
    const row = Math.floor(index / map.width);
    fill(cells, (index % map.width) * CELLS_PER_TILE, row * CELLS_PER_TILE, CELLS_PER_TILE, CELLS_PER_TILE);
  }
}
