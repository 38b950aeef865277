// Loads a map: the Tiled file, the images of its tilesets, and the walls that the prediction needs.
import { readMap, type WorldMap } from "../sim/map.ts";

/** Timeout of the request for a map file. */
const TIMEOUT_MS = 15_000;

/** A tileset in a map file: the fields that this file reads. */
interface Tileset {
  name: string;
  /** Relative to the map file. */
  image?: string;
}

/** A map with everything that drawing and prediction need. */
export interface Ground {
  map: WorldMap;
  /** The parsed map file. */
  file: object;
  /** The images of the tilesets, by the tileset's name. */
  pictures: ReadonlyMap<string, HTMLImageElement>;
}

/**
 * Loads a map from `maps/` below `base`, the folder of the page.
 * @throws {MapError} if the file is not a playable map.
 * @throws {Error} if the file cannot be loaded.
 */
export async function loadGround(name: string, base: URL): Promise<Ground> {
  const url = new URL(`maps/${encodeURIComponent(name)}.tmj`, base);
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`cannot load the map ${url}: HTTP status ${response.status}`);
  const file: { tilesets?: Tileset[] } = await response.json();
  const map = readMap(name, file);
  // A tileset that is not embedded, or that is a collection of images, has no image here. Its tiles are not drawn.
  const withImage = (file.tilesets ?? []).filter((tileset) => tileset.image !== undefined);
  const pictures = await Promise.all(
    withImage.map(async (tileset) => [tileset.name, await loadPicture(new URL(tileset.image!, url))] as const),
  );
  return { map, file, pictures: new Map(pictures) };
}

async function loadPicture(url: URL): Promise<HTMLImageElement> {
  const picture = new Image();
  picture.src = url.href;
  await picture.decode();
  return picture;
}
