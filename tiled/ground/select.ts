// Finds the parts of a map to which the terms of a declaration refer.
import type { Layer, MapObject, ObjectLayer, Properties, Tile, TiledMap, TileLayer } from "../model.ts";
import { quote } from "../report.ts";
import { hintForList, type Term } from "./declaration.ts";
import { isObjectLayer, isTileLayer, type Nested, nestedLayers } from "./nested.ts";
import { hasAny, tilesWhere } from "./tiles.ts";
import { truthOf } from "./truth.ts";

/** The selected tiles of a layer. */
interface SelectedTiles {
  readonly layer: TileLayer;
  /** Returns whether a tile is selected. `tile` is a global tile id without flags. */
  has(tile: number): boolean;
}

/** The selected objects of a layer. */
interface SelectedObjects {
  readonly layer: ObjectLayer;
  readonly objects: readonly MapObject[];
}

/** The parts of a map that a term of a declaration names. */
export interface Selection {
  readonly tiles: readonly SelectedTiles[];
  readonly objects: readonly SelectedObjects[];
}

/** Thrown if a term names something that the map does not have. */
export class SelectionError extends Error {
  /**
   * @param wanted the name in the term.
   * @param known the names that the map has.
   */
  constructor(problem: string, wanted: string, kind: string, known: Iterable<string>) {
    const names = [...new Set(known)].filter((name) => name !== "");
    const meant = names.find((name) => name.toLowerCase() === wanted.toLowerCase() && name !== wanted);
    const shown = names.slice(0, MAX_SHOWN).map(quote);
    const rest = names.length > MAX_SHOWN ? ` and ${names.length - MAX_SHOWN} more` : "";
    const existing = names.length === 0 ? `the map has no ${kind}` : `${kind}: ${shown.join(", ")}${rest}`;
    super(`${problem}${hintForList(wanted)}; ${meant ? `did you mean ${quote(meant)}?` : existing}`);
    this.name = "SelectionError";
  }
}

/** Maximum number of names in an error message. */
const MAX_SHOWN = 12;

/**
 * Returns the parts of a map that a term names. The term `not-property` names the squares without the property. For
 * this term, the function returns the parts with the property, and the caller makes all other squares solid.
 * @throws {SelectionError} if the map has no such part.
 */
export function select(map: TiledMap, term: Term): Selection {
  const layers = term.inside === undefined ? nestedLayers(map) : layersNamed(map, term.inside);
  switch (term.keyword) {
    case "layer":
      return wholeLayers(layersNamed(map, term.name));
    case "object":
      return objectsNamed(layers, term.name, ({ name }) => name, "objects");
    case "class":
      return objectsNamed(layers, term.name, (object) => object.class, "classes of objects");
    case "shapes":
      return tilesWithShapes(map, layers);
    default:
      return withProperty(map, layers, term);
  }
}

/**
 * Returns the layers with this name or path, or the layer at this place. `#3` is the place of the third layer. If a
 * group is found, its layers are included.
 */
function layersNamed(map: TiledMap, reference: string): Nested[] {
  const layers = nestedLayers(map);
  const place = /^#(\d+)$/.exec(reference)?.[1];
  const named = new Set<Layer>(
    layers
      .map(({ layer }) => layer)
      .filter((layer, index) => layer.name === reference || layer.path === reference || index + 1 === Number(place)),
  );
  if (named.size > 0) return layers.filter(({ around }) => around.some((layer) => named.has(layer)));
  const isPlace = reference.startsWith("#");
  const known = layers.map(({ layer }, index) => (isPlace ? `#${index + 1} ${layer.path}` : layer.path));
  throw new SelectionError(`there is no layer ${quote(reference)}`, reference, "layers", known);
}

function wholeLayers(layers: readonly Nested[]): Selection {
  return {
    tiles: layers.filter(isTileLayer).map(({ layer }) => ({ layer, has: () => true })),
    objects: layers.filter(isObjectLayer).map(({ layer }) => ({ layer, objects: layer.objects })),
  };
}

function objectsNamed(
  layers: readonly Nested[],
  wanted: string,
  nameOf: (object: MapObject) => string,
  kind: string,
): Selection {
  const objects = selectObjects(layers, (object) => nameOf(object) === wanted);
  if (objects.length > 0) return { tiles: [], objects };
  const known = layers.filter(isObjectLayer).flatMap(({ layer }) => layer.objects.map(nameOf));
  throw new SelectionError(`there is no ${quote(wanted)} among the ${kind}`, wanted, kind, known);
}

function tilesWithShapes(map: TiledMap, layers: readonly Nested[]): Selection {
  const tiles = selectTiles(map, layers, ({ shapes }) => shapes.length > 0);
  if (tiles.length > 0) return { tiles, objects: [] };
  const problem = `no tile in use has collision shapes${unavailableTilesets(map, "shapes")}`;
  throw new SelectionError(problem, "", "collision shapes", []);
}

/** Returns the tiles and objects that have a property, and everything inside the layers and groups that have it. */
function withProperty(map: TiledMap, layers: readonly Nested[], { name, value }: Term): Selection {
  const has = (properties: Properties) => {
    const property = properties.get(name);
    if (!property) return false;
    return value === undefined ? truthOf(property) === true : String(property.value) === value;
  };
  const whole = wholeLayers(layers.filter(({ around }) => around.some(({ properties }) => has(properties))));
  const tiles = selectTiles(map, layers, ({ properties }) => has(properties));
  const objects = selectObjects(layers, ({ properties }) => has(properties));
  if (whole.tiles.length + whole.objects.length + tiles.length + objects.length > 0) {
    return { tiles: [...whole.tiles, ...tiles], objects: [...whole.objects, ...objects] };
  }
  const wanted =
    value === undefined
      ? `a true property ${quote(name)}`
      : `the property ${quote(name)} with the value ${quote(value)}`;
  const problem = `no tile in use, object or layer has ${wanted}${unavailableTilesets(map, "properties")}`;
  throw new SelectionError(problem, name, "properties", propertyNames(map, layers));
}

/** Returns the part of a sentence that lists the unavailable tilesets; empty if all tilesets are available. */
function unavailableTilesets({ tilesets }: TiledMap, what: string): string {
  return tilesets
    .filter(({ missing }) => missing)
    .slice(0, MAX_SHOWN)
    .map(({ name }) => `; the tileset ${quote(name)} is not available, so its ${what} are unknown`)
    .join("");
}

function selectObjects(layers: readonly Nested[], isWanted: (object: MapObject) => boolean): SelectedObjects[] {
  return layers
    .filter(isObjectLayer)
    .map(({ layer }) => ({ layer, objects: layer.objects.filter(isWanted) }))
    .filter(({ objects }) => objects.length > 0);
}

function selectTiles(map: TiledMap, layers: readonly Nested[], isWanted: (tile: Tile) => boolean): SelectedTiles[] {
  const numbers = tilesWhere(map, isWanted);
  const has = (number: number) => numbers.has(number);
  return layers
    .filter(isTileLayer)
    .filter(({ layer }) => hasAny(layer, numbers))
    .map(({ layer }) => ({ layer, has }));
}

function propertyNames({ tilesets }: TiledMap, layers: readonly Nested[]): string[] {
  const tiles = tilesets.flatMap((tileset) => [...tileset.tiles.values()]);
  const objects = layers.filter(isObjectLayer).flatMap(({ layer }) => layer.objects);
  return [...tiles, ...objects, ...layers.map(({ layer }) => layer)].flatMap(({ properties }) => [
    ...properties.keys(),
  ]);
}
