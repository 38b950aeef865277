// Decides which layers are drawn over the players: layers with a property that says so, and layers that most games draw
// over the players.
import { wordsOf } from "../ground/names.ts";
import { type Nested, nestedLayers } from "../ground/nested.ts";
import { truthOf } from "../ground/truth.ts";
import type { Layer, TiledMap } from "../model.ts";

/** The properties that say whether a layer or group is drawn over the players. */
const PROPERTIES: readonly string[] = ["sabang.over", "ge_alwaysTop"];

/** Words in the names of layers and groups that are drawn over the players. */
const OVER = /\b(above|over|overhead|foreground|fg|fore|roofs?|ceilings?|tops?|treetops?|canopy)\b/;

/** Layers below the players, by type and name. All layers above the lowest such layer are drawn over the players. */
const LAST_BELOW: readonly string[] = ["tile walls", "object floorLayer"];

/**
 * Returns the layers that are drawn over the players. A property in PROPERTIES decides: the layer's own property, or
 * otherwise the property of the innermost group that has one. Without such a property, a layer is over the players if
 * its name, or a name of its groups, contains a word in OVER. The same applies to a layer that is above the lowest
 * layer in LAST_BELOW.
 */
export function layersOver(map: Pick<TiledMap, "layers">): ReadonlySet<Layer> {
  const layers = nestedLayers(map);
  const last = layers.findIndex(({ layer: { type, name } }) => LAST_BELOW.includes(`${type} ${name}`));
  const isOver = (nested: Nested, index: number) =>
    declared(nested) ?? ((last >= 0 && index > last) || nested.around.some(({ name }) => OVER.test(wordsOf(name))));
  return new Set(layers.filter(isOver).map(({ layer }) => layer));
}

/**
 * Returns whether a property says that the layer is over the players; undefined if no property says anything about it.
 */
function declared({ around }: Nested): boolean | undefined {
  for (const { properties } of around) {
    for (const name of PROPERTIES) {
      const property = properties.get(name);
      const truth = property && truthOf(property);
      if (truth !== undefined) return truth;
    }
  }
  return undefined;
}
