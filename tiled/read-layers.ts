// Reads the tree of layers.
import { combine, PLAIN, readAppearance } from "./appearance.ts";
import type { Fields, Values } from "./fields.ts";
import type { Appearance, Area, ImageLayer, Layer } from "./model.ts";
import { type ObjectContext, readObjects } from "./objects.ts";
import { readProperties } from "./properties.ts";
import { quote } from "./report.ts";
import type { Decompress } from "./tile-data.ts";
import { readTiles } from "./tile-layer.ts";
import { readImage } from "./tilesets.ts";

/** The context that `readLayers` needs from the rest of the map. */
export interface LayerContext extends ObjectContext {
  /** The path of the map's file. */
  readonly file: string;
  /** The part of the plane that the map covers, in tiles. */
  readonly bounds: Area;
  readonly decompress: Decompress;
  /** Warns about tiles of a layer that are in no tileset. */
  checkTiles(layer: Fields, gids: Uint32Array): void;
}

/** A group, or the map itself, whose layers are read. */
interface Parent {
  /** The prefix of the layers' paths. */
  readonly path: string;
  readonly appearance: Appearance;
  readonly depth: number;
}

/** Returns the layers of a map, from the lowest to the highest. */
export function readLayers(map: Fields, context: LayerContext): Layer[] {
  return layersOf(map, context, { path: "", appearance: PLAIN, depth: 0 });
}

function layersOf(fields: Fields, context: LayerContext, parent: Parent): Layer[] {
  fields.report.checkDepth(fields.place, parent.depth);
  const placeOf = ({ name }: Values, index: number) =>
    `layer ${quote(parent.path + (typeof name === "string" && name !== "" ? name : `#${index + 1}`))}`;
  return fields.elements("layers", placeOf).flatMap((layer) => layerOf(layer, context, parent));
}

function layerOf(fields: Fields, context: LayerContext, parent: Parent): Layer[] {
  const own = readAppearance(fields);
  const effective = combine(parent.appearance, own);
  const name = fields.text("name");
  const path = parent.path + name;
  const base = {
    id: fields.integer("id", 0),
    name,
    path,
    class: fields.text("class"),
    properties: readProperties(fields),
    own,
    effective,
  };
  const type = fields.values.type;
  switch (type) {
    case "group": {
      const inner = { path: `${path}/`, appearance: effective, depth: parent.depth + 1 };
      return [{ ...base, type: "group", layers: layersOf(fields, context, inner) }];
    }
    case "tilelayer": {
      const gids = readTiles(fields, context.bounds, context.decompress);
      context.checkTiles(fields, gids);
      return [{ ...base, type: "tile", gids }];
    }
    case "objectgroup": {
      const sortedByY = fields.choice("draworder", ["topdown", "index"]) === "topdown";
      return [{ ...base, type: "object", sortedByY, objects: readObjects(fields, context) }];
    }
    case "imagelayer":
      return [{ ...base, type: "image", ...readImagePlacement(fields, context) }];
    default:
      fields.report.warn(fields.place, `has the unknown type ${quote(type)}; it is left out`);
      return [];
  }
}

function readImagePlacement(
  layer: Fields,
  { file, origin }: LayerContext,
): Pick<ImageLayer, "image" | "x" | "y" | "repeatX" | "repeatY"> {
  // Before Tiled 0.15, image layers had a place instead of an offset.
  const isPlaced = !layer.has("offsetx") && !layer.has("offsety");
  return {
    image: readImage(layer, file),
    x: (isPlaced ? layer.number("x", 0) : 0) - origin.x,
    y: (isPlaced ? layer.number("y", 0) : 0) - origin.y,
    repeatX: layer.flag("repeatx", false),
    repeatY: layer.flag("repeaty", false),
  };
}
