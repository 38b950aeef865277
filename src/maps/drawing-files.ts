// Finds the files that a client needs to draw a map.
import { realpathSync } from "node:fs";
import { extname, join, normalize, sep } from "node:path";
import { allLayers } from "../../tiled/all-layers.ts";
import type { TiledMap } from "../../tiled/model.ts";

/** The pictures that clients may load. SVG files are not allowed, because they can contain scripts. */
const PICTURES: readonly string[] = [".png", ".jpg", ".jpeg", ".webp", ".gif"];

/**
 * Returns the files that a map consists of, as paths relative to its folder: its own file, its tilesets and templates,
 * and its pictures. Files outside the folder are left out, even if a link in the folder leads to them.
 */
export function drawingFiles(folder: string, file: string, { layers, tilesets, files }: TiledMap): string[] {
  const images = [
    ...allLayers(layers).map((layer) => (layer.type === "image" ? layer.image : undefined)),
    ...tilesets.flatMap(({ image, tiles }) => [image, ...[...tiles.values()].map((tile) => tile.image)]),
  ];
  const pictures = images.flatMap((image) => (image ? [image.source] : [])).filter(isPicture);
  return [...new Set([file, ...files, ...pictures].map(normalize))].filter((path) => isInside(folder, path));
}

function isPicture(path: string): boolean {
  return PICTURES.includes(extname(path).toLowerCase());
}

/**
 * Whether a path leads to an existing file inside the folder. A link does not count if its target has a different
 * extension.
 */
function isInside(folder: string, path: string): boolean {
  try {
    const real = realpathSync(join(folder, path));
    return real.startsWith(realpathSync(folder) + sep) && extname(real) === extname(path);
  } catch {
    return false;
  }
}
