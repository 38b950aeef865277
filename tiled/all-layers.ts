// Walks the tree of layers.
import type { Layer } from "./model.ts";

/** Returns all layers, including those within groups, from the lowest to the highest. A group precedes its layers. */
export function allLayers(layers: readonly Layer[]): Layer[] {
  return layers.flatMap((layer) => (layer.type === "group" ? [layer, ...allLayers(layer.layers)] : [layer]));
}
