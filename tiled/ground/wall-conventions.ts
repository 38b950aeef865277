// Finds what is solid on a map that does not declare its walls. Uses groups of conventions that many games follow. A
// group is used only if the groups before it find nothing. Objects whose names mention walls are also solid, regardless
// of the group that is used.
import type { Layer, MapObject, ObjectLayer, TiledMap, TileLayer } from "../model.ts";
import { quote } from "../report.ts";
import type { Claim } from "./claims.ts";
import { isObjectLayer, isTileLayer, type Nested, nestedLayers } from "./nested.ts";
import { hasAny, hasOther, tilesBy, tilesWhere } from "./tiles.ts";
import { isSolidValue, isWalkable, namesOpen, namesSolid, namesWall, solidity } from "./wall-words.ts";

/** The walls that the conventions find. */
export interface FoundWalls {
  readonly claims: readonly Claim[];
  /** Sentences about parts that look like walls, but are not solid, with the reasons. */
  readonly leftOut: readonly string[];
}

/** Returns what is solid by convention. */
export function conventionalWalls(map: TiledMap): FoundWalls {
  const candidates = nestedLayers(map).filter(({ layer }) => layer.type !== "group");
  const open = candidates.filter((nested) => reasonToBeOpen(nested) !== undefined);
  const layers = candidates.filter((nested) => !open.includes(nested));
  const tileLayers = layers.filter(isTileLayer);
  const objectLayers = layers.filter(isObjectLayer);
  const groups = [
    () => [...clearTiles(map, tileLayers), ...objectLayers.flatMap(clearObjects)],
    () => notWalkable(map, tileLayers),
    () => wallNames(map, tileLayers),
    () => plainShapes(objectLayers),
    () => tileShapes(map, tileLayers),
  ];
  let found: readonly Claim[] = [];
  for (const search of groups) {
    found = search();
    if (found.length > 0) break;
  }
  const claims = [...found, ...mentionedObjects(objectLayers, found)];
  const claimed = new Set<Layer>(claims.flatMap((claim) => (claim.type === "inverse" ? claim.layers : claim.layer)));
  const pictures = tileLayers.filter(
    ({ layer }) => namesWall(layer.name) && !claimed.has(layer) && layer.gids.some((gid) => gid !== 0),
  );
  return {
    claims,
    leftOut: [
      ...open.map((nested) => `layer ${quote(nested.layer.path)}: ${reasonToBeOpen(nested)}`),
      ...pictures.map(({ layer }) => `layer ${quote(layer.path)}: named after walls, but clearer walls exist`),
    ],
  };
}

/** Returns the reason why nothing in a layer is solid; undefined if something in the layer may be solid. */
function reasonToBeOpen({ layer, around }: Nested): string | undefined {
  const said = saidBy(around);
  if (said === false) return "a property says that it is not solid";
  return said === undefined && namesOpen(layer.name) ? "the name says that it is not solid" : undefined;
}

/** Returns the reason why everything in a layer is solid; undefined if there is no such reason. */
function reasonToBeSolid({ around }: Nested): string | undefined {
  if (saidBy(around)) return "a property of the layer";
  if (around.some((layer) => namesSolid(layer.name) || isSolidValue(layer.class))) return "the name of the layer";
  return undefined;
}

/**
 * Returns true if properties say "solid", and false if they say "open". The layer's own properties are read first, then
 * those of its groups, from the innermost to the outermost.
 */
function saidBy(around: readonly Layer[]): boolean | undefined {
  return around.map(({ properties }) => solidity(properties)).find((said) => said !== undefined);
}

/**
 * Returns claims for the tiles that are clearly solid. A tile is clearly solid if one of its properties, its class or
 * its layer says so.
 */
function clearTiles(map: TiledMap, layers: readonly Nested<TileLayer>[]): Claim[] {
  const said = tilesBy(map, (tile) => solidity(tile.properties) ?? (isSolidValue(tile.class) || undefined));
  const solid = said.get(true) ?? new Set();
  const open = said.get(false) ?? new Set();
  const isSolid = (number: number) => solid.has(number);
  const isNotOpen = (number: number) => !open.has(number);
  return layers.flatMap((nested): Claim[] => {
    const { layer, around } = nested;
    // A layer that is named after collisions may also contain open tiles. So the layer's name is ignored if some of the
    // layer's tiles have a property or a class that says "solid".
    if (!saidBy(around) && hasAny(layer, solid)) {
      return [{ type: "tiles", layer, isSolid, why: "a property of the tiles" }];
    }
    const why = reasonToBeSolid(nested);
    return why && hasOther(layer, open) ? [{ type: "tiles", layer, isSolid: isNotOpen, why }] : [];
  });
}

/**
 * Returns claims for the objects that are clearly solid. An object is clearly solid if one of its own properties, its
 * class or its layer says so.
 */
function clearObjects(nested: Nested<ObjectLayer>): Claim[] {
  const { layer } = nested;
  const reason = reasonToBeSolid(nested);
  // Games do not draw shapes. So the shapes in a layer that is named after walls are walls, and not pictures of walls.
  const reasonForShapes = namesWall(layer.name) ? "the name of the layer" : undefined;
  const reasonOf = (object: MapObject) => {
    const said = solidity(object.properties);
    if (said !== undefined) return said ? "a property of the objects" : undefined;
    if (reason || (isShape(object) && reasonForShapes)) return reason ?? reasonForShapes;
    return namesSolid(object.class) || isSolidValue(object.class) ? "the class of the objects" : undefined;
  };
  const byReason = Map.groupBy(layer.objects.filter(hasGround), reasonOf);
  return [...byReason].flatMap(([why, objects]) => (why ? [{ type: "objects", layer, objects, why }] : []));
}

/**
 * Returns claims for objects whose name or class mentions walls, unless `found` already contains them. Such a name may
 * mean something else, for example "torch on the wall". So these objects do not decide which group of conventions is
 * used.
 */
function mentionedObjects(layers: readonly Nested<ObjectLayer>[], found: readonly Claim[]): Claim[] {
  const known = new Set(found.flatMap((claim) => (claim.type === "objects" ? claim.objects : [])));
  const why = "the name or the class of the objects";
  return layers.flatMap(({ layer }): Claim[] => {
    const objects = layer.objects.filter(
      (object) =>
        !known.has(object) && hasGround(object) && isNamedSolid(object) && solidity(object.properties) !== false,
    );
    return objects.length > 0 ? [{ type: "objects", layer, objects, why }] : [];
  });
}

/**
 * Returns a claim for all squares without a walkable tile. Returns no claim if the map marks no tile as walkable: the
 * map then does not use this convention.
 */
function notWalkable(map: TiledMap, nested: readonly Nested<TileLayer>[]): Claim[] {
  const walkable = tilesWhere(map, ({ properties }) => isWalkable(properties));
  const layers = nested.map(({ layer }) => layer).filter((layer) => hasAny(layer, walkable));
  if (layers.length === 0) return [];
  const isOpen = (number: number) => walkable.has(number);
  return [{ type: "inverse", layers, isOpen, why: "a property says which tiles are walkable" }];
}

/** Returns claims for the tiles of layers that are named after walls, except tiles with a property that says "open". */
function wallNames(map: TiledMap, layers: readonly Nested<TileLayer>[]): Claim[] {
  const open = tilesWhere(map, ({ properties }) => solidity(properties) === false);
  const isSolid = (number: number) => !open.has(number);
  const why = "the name of the layer, as no clearer walls exist";
  return layers
    .filter(({ layer }) => namesWall(layer.name) && hasOther(layer, open))
    .map(({ layer }) => ({ type: "tiles", layer, isSolid, why }));
}

/**
 * Returns claims for shapes without a name, class or properties. Ignores layers in which fewer than half of the objects
 * are such shapes. In most games, such shapes are walls.
 */
function plainShapes(layers: readonly Nested<ObjectLayer>[]): Claim[] {
  return layers.flatMap(({ layer }): Claim[] => {
    const objects = layer.objects.filter((object) => isShape(object) && hasGround(object) && isPlain(object));
    if (objects.length < MIN_PLAIN_SHAPES || objects.length * 2 < layer.objects.length) return [];
    return [{ type: "objects", layer, objects, why: "shapes without name, class and properties" }];
  });
}

/** Minimum number of plain shapes in a layer. Fewer shapes may be areas with another meaning. */
const MIN_PLAIN_SHAPES = 4;

/** Returns claims for the collision shapes of tiles. */
function tileShapes(map: TiledMap, layers: readonly Nested<TileLayer>[]): Claim[] {
  const withShapes = tilesWhere(map, ({ shapes }) => shapes.length > 0);
  return layers
    .map(({ layer }) => layer)
    .filter((layer) => hasAny(layer, withShapes))
    .map((layer) => ({ type: "tile shapes", layer, why: "no other walls exist" }));
}

/** Returns whether an object is a shape, not a tile. */
function isShape({ shape }: MapObject): boolean {
  return shape !== "tile";
}

/** Returns whether an object covers ground. */
function hasGround({ shape, width, height }: MapObject): boolean {
  if (shape === "polygon" || shape === "polyline") return true;
  return shape !== "point" && shape !== "text" && width > 0 && height > 0;
}

function isPlain({ name, class: type, properties }: MapObject): boolean {
  return name === "" && type === "" && properties.size === 0;
}

function isNamedSolid(object: MapObject): boolean {
  const names = [object.name, object.class];
  return names.some((name) => namesSolid(name) || isSolidValue(name) || (isShape(object) && namesWall(name)));
}
