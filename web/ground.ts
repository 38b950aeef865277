// Loads a map from the server: the description of its walls, which prediction needs, and the drawing with its images.
import { createMap, type MapDescription, type WorldMap } from "../sim/map.ts";
import type { Drawing, DrawnImage } from "../tiled/drawing/drawing.ts";
import { withoutColor } from "./image-copies.ts";
import { loadJson } from "./load-json.ts";

/** An image that can be drawn on a canvas. */
export type Picture = HTMLImageElement | HTMLCanvasElement;

/** A map with everything that drawing and prediction need. */
export interface Ground {
  map: WorldMap;
  drawing: Drawing;
  /** The images of the drawing, by their index; undefined for an image that cannot be loaded. */
  pictures: readonly (Picture | undefined)[];
}

/**
 * Loads a map from `maps/` below `base`, the folder of the page.
 * @param known the map as it was loaded before. The function returns it again if the server's description has not
 * changed.
 * @throws {MapError} if the server's description is inconsistent.
 * @throws {Error} if the map cannot be loaded. A missing image is not an error, because the map can still be played.
 */
export async function loadGround(name: string, base: URL, known?: Ground): Promise<Ground> {
  const url = new URL(`maps/${encodeURIComponent(name)}.json`, base);
  const description = await loadJson<MapDescription>(url);
  if (known && JSON.stringify(known.map.description) === JSON.stringify(description)) return known;
  const map = createMap(description);
  const drawingUrl = new URL(description.drawing!, url);
  const drawing = await loadJson<Drawing>(drawingUrl);
  const pictures = await Promise.all(drawing.images.map((image) => loadPicture(image, drawingUrl)));
  return { map, drawing, pictures };
}

async function loadPicture({ url, transparent }: DrawnImage, base: URL): Promise<Picture | undefined> {
  const picture = new Image();
  picture.src = new URL(url, base).href;
  try {
    await picture.decode();
  } catch {
    return undefined;
  }
  return transparent === undefined ? picture : withoutColor(picture, transparent);
}
