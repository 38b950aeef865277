import { allLayers } from "../all-layers.ts";
import { WHITE } from "../color.ts";
import { middleOf } from "../ground/outline.ts";
import type { Appearance, Layer, MapObject, ObjectLayer, TiledMap } from "../model.ts";
import type { Drawing, DrawnLayer, Picture } from "./drawing.ts";
import { DrawnTiles } from "./drawn-tiles.ts";
import { hexOf } from "./hex.ts";
import { layersOver } from "./over.ts";

/**
 * Returns how to draw a map. Texts and shapes of object layers are not drawn, and parallax is left out.
 * @param urlOf returns the URL of an image by its path; undefined if the image is not available to clients.
 */
export function drawingOf(map: TiledMap, urlOf: (source: string) => string | undefined): Drawing {
  const { width: columns, height: rows, tileWidth, tileHeight, backgroundColor } = map;
  const tiles = new DrawnTiles(map, urlOf);
  const over = layersOver(map);
  const layers = allLayers(map.layers)
    .filter(({ effective }) => effective.visible && effective.opacity * effective.tint.alpha > 0)
    .flatMap((layer): DrawnLayer[] => {
      const content = contentOf(layer, map, tiles);
      return content ? [{ over: over.has(layer), ...lookOf(layer.effective), ...content }] : [];
    });
  const background = backgroundColor && { background: hexOf(backgroundColor) };
  return { columns, rows, tileWidth, tileHeight, ...background, images: tiles.images, tiles: tiles.tiles, layers };
}

function lookOf({ opacity, tint, offset }: Appearance): Pick<DrawnLayer, "opacity" | "tint" | "x" | "y"> {
  const color = hexOf(tint);
  return { opacity: opacity * tint.alpha, ...(color !== hexOf(WHITE) && { tint: color }), ...offset };
}

/** Returns what a layer shows; undefined if it shows nothing. */
function contentOf(
  layer: Layer,
  map: TiledMap,
  tiles: DrawnTiles,
): { cells: readonly number[] } | { pictures: readonly Picture[] } | undefined {
  switch (layer.type) {
    case "tile":
      return layer.gids.some((gid) => gid !== 0)
        ? { cells: Array.from(layer.gids, (gid) => tiles.numberOf(gid)) }
        : undefined;
    case "object": {
      const pictures = inOrder(layer).map((object) => pictureOf(object, map, tiles));
      return pictures.length > 0 ? { pictures } : undefined;
    }
    case "image": {
      const { image, x, y } = layer;
      if (!image) return undefined;
      const { width, height } = image;
      return { pictures: [{ tile: tiles.numberOfImage(image), x, y, width, height, rotation: 0, opacity: 1 }] };
    }
    default:
      return undefined;
  }
}

/** Returns the visible tile objects of a layer in the order in which they are drawn. */
function inOrder({ objects, sortedByY }: ObjectLayer): MapObject[] {
  const drawn = objects.filter(({ shape, visible }) => shape === "tile" && visible);
  return sortedByY ? drawn.sort((one, other) => one.y - other.y) : drawn;
}

function pictureOf(object: MapObject, map: TiledMap, tiles: DrawnTiles): Picture {
  const { gid, width, height, rotation, opacity } = object;
  const { x, y } = middleOf(object, map);
  return { tile: tiles.numberOf(gid), x: x - width / 2, y: y - height / 2, width, height, rotation, opacity };
}
