// The layers of a map with the groups that contain them. The name and the properties of a group also apply to its
// layers.
import type { Layer, ObjectLayer, TiledMap, TileLayer } from "../model.ts";

/** A layer, and the groups that contain it. */
export interface Nested<Kind extends Layer = Layer> {
  readonly layer: Kind;
  /** The layer itself, then the groups that contain it, from the innermost to the outermost. */
  readonly around: readonly Layer[];
}

/** Returns all layers, including hidden ones, from the lowest to the highest. A group precedes its layers. */
export function nestedLayers({ layers }: Pick<TiledMap, "layers">): Nested[] {
  return layers.flatMap((layer) => nest(layer, []));
}

/** Returns whether a layer is a tile layer. */
export function isTileLayer(nested: Nested): nested is Nested<TileLayer> {
  return nested.layer.type === "tile";
}

/** Returns whether a layer is an object layer. */
export function isObjectLayer(nested: Nested): nested is Nested<ObjectLayer> {
  return nested.layer.type === "object";
}

function nest(layer: Layer, groups: readonly Layer[]): Nested[] {
  const around = [layer, ...groups];
  const inner = layer.type === "group" ? layer.layers.flatMap((one) => nest(one, around)) : [];
  return [{ layer, around }, ...inner];
}
