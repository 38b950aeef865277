import type { TileReference } from "../gid.ts";
import type { Area, Image } from "../model.ts";

/**
 * Returns the image of a tile, and the part of this image that shows the tile; `part` is undefined for the whole image.
 */
export function partOf({ tileset, id, tile }: TileReference): { image: Image; part: Area | undefined } | undefined {
  if (tile?.image) return { image: tile.image, part: tile.area };
  if (!tileset.image || tileset.columns === 0) return undefined;
  const { tileWidth: width, tileHeight: height, margin, spacing, columns } = tileset;
  const x = margin + (id % columns) * (width + spacing);
  const y = margin + Math.floor(id / columns) * (height + spacing);
  return { image: tileset.image, part: { x, y, width, height } };
}
