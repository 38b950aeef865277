// Finds where players start: by the map's declaration, by convention, or in the middle of the largest open area.

import { tileNumber } from "../gid.ts";
import type { Layer, Point, TiledMap } from "../model.ts";
import { quote } from "../report.ts";
import type { Cells } from "./cells.ts";
import type { Term } from "./declaration.ts";
import { middleOf, toUnits } from "./outline.ts";
import { middleOfLargestArea, nearestFree } from "./places.ts";
import { type Selection, select } from "./select.ts";
import { count, firstOf, inTiles } from "./sentences.ts";
import { conventionalSpawns, unusedSpawns } from "./spawn-conventions.ts";
import { TILE } from "./units.ts";

/** The spawns of a map. */
export interface Spawns {
  /** Free places for the centre of a body, in whole units. A place may occur more than once. Empty if no body fits. */
  readonly places: readonly Point[];
  /** Sentences that say where the places come from. */
  readonly rules: readonly string[];
  /** Sentences about parts that look like spawns, but are not used as such. */
  readonly leftOut: readonly string[];
  readonly warnings: readonly string[];
}

/** Maximum spawns of a map. */
const MAX_SPAWNS = 4096;

/** Maximum warnings about blocked spawns. Each warning is about one spawn. */
const MAX_BLOCKED = 5;

/** Places that were found, in units. They may be in walls. */
interface Source {
  readonly places: readonly Point[];
  readonly rule: string;
}

/** The spawns that one term of a declaration gives. */
interface Found {
  readonly sources: readonly Source[];
  readonly leftOut: readonly string[];
}

/**
 * Returns the spawns of a map.
 * @param terms the terms of the map's declaration; undefined if the map does not declare its spawns.
 * @param cells the open and solid cells of the map.
 * @throws {SelectionError} if a term names something that the map does not have.
 */
export function spawnsOf(map: TiledMap, terms: readonly Term[] | undefined, cells: Cells): Spawns {
  const found = (terms ?? [AUTO]).map((term) => spawnsOfTerm(map, term));
  const sources = found.flatMap((one) => one.sources);
  const leftOut = found.flatMap((one) => one.leftOut);
  const warnings: string[] = [];
  const wanted = sources.flatMap(({ places }) => places);
  if (wanted.length > MAX_SPAWNS)
    warnings.push(`of its ${wanted.length} spawns, only the first ${MAX_SPAWNS} are used`);
  const blocked: string[] = [];
  const free: Point[] = [];
  for (const place of wanted.slice(0, MAX_SPAWNS)) {
    const nearest = nearestFree(place, cells);
    if (nearest) free.push(nearest);
    if (nearest === place) continue;
    const result = nearest ? `moved to ${inTiles(nearest)}` : "left out, as no free place is near";
    blocked.push(`the spawn at ${inTiles(place)} is in a wall or outside the map: ${result}`);
  }
  warnings.push(...firstOf(blocked, MAX_BLOCKED));
  const rules = sources.map(({ rule }) => rule);
  if (free.length > 0) return { places: free, rules, leftOut, warnings };
  if (!terms && sources.length === 0) warnings.push('nothing says where players start; declare it as "sabang.spawn"');
  const middle = middleOfLargestArea(cells);
  if (middle) rules.push(`the middle of the largest open area, at ${inTiles(middle)}`);
  return { places: middle ? [middle] : [], rules, leftOut, warnings };
}

const AUTO = { keyword: "auto" } as const;

function spawnsOfTerm(map: TiledMap, term: Term | typeof AUTO): Found {
  switch (term.keyword) {
    case "auto": {
      const found = conventionalSpawns(map);
      const leftOut = unusedSpawns(map, found);
      if (!found.place) return { sources: sourcesIn(map, found, found.why), leftOut };
      return { sources: [{ places: [rounded(toUnits(found.place, map))], rule: found.why }], leftOut };
    }
    case "none":
      return { sources: [], leftOut: [] };
    case "at": {
      const [x = 0, y = 0] = term.name.split(",").map((tiles) => Number(tiles) * TILE);
      return { sources: [{ places: [rounded({ x, y })], rule: "declared coordinates" }], leftOut: [] };
    }
    default:
      return { sources: sourcesIn(map, select(map, term), "declared"), leftOut: [] };
  }
}

function sourcesIn(map: TiledMap, { tiles, objects }: Selection, why: string): Source[] {
  const inUnits = ({ x, y }: Point, { effective: { offset } }: Layer) => {
    return rounded(toUnits({ x: x + offset.x, y: y + offset.y }, map));
  };
  const ofTiles = tiles.map(({ layer, has }) => {
    const places: Point[] = [];
    layer.gids.forEach((gid, index) => {
      if (gid === 0 || !has(tileNumber(gid))) return;
      const column = index % map.width;
      const row = Math.floor(index / map.width);
      places.push(inUnits({ x: (column + 0.5) * map.tileWidth, y: (row + 0.5) * map.tileHeight }, layer));
    });
    return { places, rule: `${count(places.length, "tile")} of layer ${quote(layer.path)}: ${why}` };
  });
  const ofObjects = objects.map(({ layer, objects }) => ({
    places: objects.map((object) => inUnits(middleOf(object, map), layer)),
    rule: `${count(objects.length, "object")} of layer ${quote(layer.path)}: ${why}`,
  }));
  return [...ofTiles, ...ofObjects];
}

function rounded({ x, y }: Point): Point {
  return { x: Math.round(x), y: Math.round(y) };
}
