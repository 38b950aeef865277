// Describes the portals of one map for the map's author, without a running server.
import { portalsOf } from "../../rooms/portals.ts";
import { MapError, type MapObject, type WorldMap } from "../../sim/map.ts";
import { inTiles } from "../../tiled/ground/sentences.ts";
import { loadMap } from "./load-map.ts";

/** The portals of a map, in sentences. */
export interface InspectedPortals {
  /** One sentence per portal: where it is, and where it leads. Positions are in tiles. */
  readonly portals: readonly string[];
  /** Sentences about the portals that lead nowhere. */
  readonly warnings: readonly string[];
}

/** Inspects the portals of a map. Loads the maps to which they lead from `folder`. */
export function inspectPortals(map: WorldMap, folder: string): InspectedPortals {
  const objects = map.description.objects.filter(({ properties }) => properties.portal !== undefined);
  const names = new Set(objects.map(({ properties }) => String(properties.portal)));
  const maps = new Map([...names].flatMap((name) => playable(name, folder)).map((target) => [target.name, target]));
  return { portals: objects.map(describePortal), warnings: portalsOf(map, maps).problems };
}

/** Returns a list with the map of this name; an empty list if the map cannot be played on. */
function playable(name: string, folder: string): WorldMap[] {
  try {
    return [loadMap(name, folder).map];
  } catch (error) {
    if (error instanceof MapError) return [];
    throw error;
  }
}

function describePortal({ name, x, y, properties: { portal, arrival } }: MapObject): string {
  const end = arrival === undefined ? "at a spawn" : `at its object "${arrival}"`;
  return `"${name}" at ${inTiles({ x, y })} to the map "${portal}", ${end}`;
}
