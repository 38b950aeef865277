// The part of the plane that a map covers. An infinite map has no fixed size: each of its tile layers consists of
// chunks, which are rectangles of tiles at any place.
import { flagOf, isValues, numberOf, type Values } from "./fields.ts";
import type { Area } from "./model.ts";
import type { Report } from "./report.ts";

/** Maximum distance of a chunk from the origin, in tiles. */
export const FARTHEST = 2 ** 24;

/**
 * Returns the bounds of all chunks of an infinite map, in tiles; undefined for a finite map, and for a map without
 * chunks. Ignores invalid chunks. They are reported as faults when their layers are read.
 */
export function chunkBounds(map: Values, report: Report): Area | undefined {
  if (flagOf(map.infinite) !== true) return undefined;
  const areas = areasOf(map.layers, report, 0);
  if (areas.length === 0) return undefined;
  const x = areas.reduce((least, area) => Math.min(least, area.x), FARTHEST);
  const y = areas.reduce((least, area) => Math.min(least, area.y), FARTHEST);
  const right = areas.reduce((most, area) => Math.max(most, area.x + area.width), -FARTHEST);
  const bottom = areas.reduce((most, area) => Math.max(most, area.y + area.height), -FARTHEST);
  return { x, y, width: right - x, height: bottom - y };
}

function areasOf(layers: unknown, report: Report, depth: number): Area[] {
  report.checkDepth("a group", depth);
  return valuesIn(layers).flatMap((layer) => {
    if (layer.type === "group") return areasOf(layer.layers, report, depth + 1);
    return layer.type === "tilelayer" ? valuesIn(layer.chunks).flatMap(areaOf) : [];
  });
}

function areaOf({ x, y, width, height }: Values): Area[] {
  const area = { x: numberOf(x ?? 0), y: numberOf(y ?? 0), width: numberOf(width), height: numberOf(height) };
  const isArea = Object.values(area).every((value) => Math.abs(value) <= FARTHEST) && area.width > 0 && area.height > 0;
  return isArea ? [area] : [];
}

function valuesIn(list: unknown): Values[] {
  return Array.isArray(list) ? list.filter(isValues) : [];
}
