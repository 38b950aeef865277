// Fetches a map: the file as Tiled wrote it, the pictures of its tiles, and the walls that the prediction needs.
import { readMap, type WorldMap } from "../sim/map.ts";

/** Milliseconds for a map file to come. */
const TIMEOUT_MS = 15_000;

/** A tileset inside a map file. Only what the page itself asks for. */
interface Tileset {
  name: string;
  /** Relative to the map file. */
  image?: string;
}

/** A map that can be drawn and predicted on. */
export interface Ground {
  map: WorldMap;
  /** The parsed map file. */
  file: object;
  /** The picture of each tileset, by the tileset's name. */
  pictures: ReadonlyMap<string, HTMLImageElement>;
}

/**
 * Loads the map of that name from below `base`, the folder that the page is in.
 * @throws {MapError} if what is there is no map that can be played on.
 */
export async function loadGround(name: string, base: URL): Promise<Ground> {
  const url = new URL(`maps/${encodeURIComponent(name)}.tmj`, base);
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`the map ${url} was answered with ${response.status}`);
  const file: { tilesets?: Tileset[] } = await response.json();
  const map = readMap(name, file);
  // A tileset that is not embedded, or is many pictures, has no image of its own; its tiles stay invisible.
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
