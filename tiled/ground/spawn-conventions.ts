// Finds the spawns of players on a map that does not declare its spawns. Uses the conventions of many games. The first
// convention that finds something decides.
import type { MapObject, ObjectLayer, Point, Properties, TiledMap, TileLayer } from "../model.ts";
import { quote } from "../report.ts";
import { isObjectLayer, isTileLayer, nestedLayers } from "./nested.ts";
import type { Selection } from "./select.ts";
import { count } from "./sentences.ts";
import {
  mentionsOthers,
  mentionsPlayer,
  mentionsSpawn,
  namesPlayer,
  namesPlayerSpawn,
  namesSpawns,
} from "./spawn-words.ts";
import { truthOf } from "./truth.ts";

/** The spawns that the conventions find. */
export interface FoundSpawns extends Selection {
  /** A place that a property of the map gives, in pixels. */
  readonly place: Point | undefined;
  /** The reason for the choice. */
  readonly why: string;
}

/** Returns where players start by convention. The selection is empty if no convention fits. */
export function conventionalSpawns(map: TiledMap): FoundSpawns {
  const layers = nestedLayers(map);
  const tileLayers = layers.filter(isTileLayer).map(({ layer }) => layer);
  const objectLayers = layers.filter(isObjectLayer).map(({ layer }) => layer);
  const objects = (why: string, isWanted: (object: MapObject, layer: ObjectLayer) => boolean) => {
    const selected = objectLayers
      .map((layer) => ({
        layer,
        objects: layer.objects.filter((object) => isWanted(object, layer) && !isOther(object)),
      }))
      .filter((found) => found.objects.length > 0);
    return selected.length > 0 ? { tiles: [], objects: selected, place: undefined, why } : undefined;
  };
  const tiles = (why: string, isWanted: (layer: TileLayer) => boolean) => {
    const selected = tileLayers.filter((layer) => isWanted(layer) && layer.gids.some((gid) => gid !== 0));
    const whole = selected.map((layer) => ({ layer, has: () => true }));
    return selected.length > 0 ? { tiles: whole, objects: [], place: undefined, why } : undefined;
  };
  return (
    objects("the name or the class of the objects", isPlayerSpawn) ??
    tiles("the name of the layer", ({ name }) => namesSpawns(name)) ??
    objects("the name of the layer", (_, { name }) => namesSpawns(name)) ??
    objects("the objects or their layer are named after the player", isPlayer) ??
    objects("a property of the objects", ({ properties }) => saysSpawn(properties)) ??
    tiles("a property of the layer", ({ properties }) => saysSpawn(properties)) ?? {
      tiles: [],
      objects: [],
      place: placeInProperties(map),
      why: "properties of the map",
    }
  );
}

/**
 * Returns whether an object is a spawn of players: its name, its class or a property that stands for the class must say
 * so.
 */
function isPlayerSpawn({ name, class: type, properties }: MapObject): boolean {
  if (namesPlayerSpawn(name)) return true;
  const kinds = [type, ...KIND_PROPERTIES.map((key) => String(properties.get(key)?.value ?? ""))];
  // A class such as `spawn` may also stand for a spawn of monsters. So if the object has a name, the name or the class
  // must mention the player.
  const isPlayers = (kind: string) => name === "" || namesPlayer(name) || mentionsPlayer(kind);
  return kinds.some((kind) => namesPlayerSpawn(kind) && isPlayers(kind));
}

/** Returns whether an object stands for the player, by its name, its class or the name of its layer. */
function isPlayer({ name, class: type }: MapObject, layer: ObjectLayer): boolean {
  return namesPlayer(name) || namesPlayer(type) || (name === "" && namesPlayer(layer.name));
}

/** Properties that some games use for the class of objects. */
const KIND_PROPERTIES = ["type", "kind", "class"];

/** Returns whether an object stands for a creature or a thing of the game, and not for a player. */
function isOther({ name, class: type, properties }: MapObject): boolean {
  return [name, type, ...properties.keys()].some(mentionsOthers);
}

/**
 * Returns whether one of the properties says that players start here. The property's name must stand for spawns, and
 * its value must be true.
 */
function saysSpawn(properties: Properties): boolean {
  return [...properties].some(([name, property]) => namesSpawns(name) && truthOf(property) === true);
}

/**
 * Returns the place that properties of the map give, in pixels. Such properties are, for example, `spawn-x` and
 * `spawn-y`.
 */
function placeInProperties({ properties, width, height, tileWidth, tileHeight }: TiledMap): Point | undefined {
  let x = Number.NaN;
  let y = Number.NaN;
  for (const [key, { value }] of properties) {
    const [, name = "", axis] = /^(.*?)[-_ ]?([xyXY])?$/.exec(key) ?? [];
    if (!namesPlayerSpawn(name)) continue;
    const [first = Number.NaN, second = Number.NaN] = String(value).split(",").map(Number);
    if (!axis) [x, y] = [first, second];
    else if (axis.toLowerCase() === "x") x = first;
    else y = first;
  }
  if (!Number.isFinite(x) || !Number.isFinite(y)) return undefined;
  // Some games count in tiles, others in pixels. The numbers are read as tiles if they are less than the map's size in
  // tiles.
  if (x >= width || y >= height) return { x, y };
  const middle = Number.isInteger(x) && Number.isInteger(y) ? 0.5 : 0;
  return { x: (x + middle) * tileWidth, y: (y + middle) * tileHeight };
}

/** Returns sentences about the objects whose name or class mentions spawns, but which are not selected. */
export function unusedSpawns(map: TiledMap, { objects }: Selection): string[] {
  const used = new Set(objects.flatMap((selected) => selected.objects));
  const unused = nestedLayers(map)
    .filter(isObjectLayer)
    .flatMap(({ layer }) => layer.objects.filter((object) => !used.has(object)))
    .flatMap(({ name, class: type }) => [name, type].find(mentionsSpawn) ?? []);
  return [...Map.groupBy(unused, (name) => name)].map(
    ([name, { length }]) => `${count(length, "object")} named ${quote(name)}: not taken for spawns of players`,
  );
}
