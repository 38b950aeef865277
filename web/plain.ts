// The look of maps whose pictures are missing.
import type { DrawnTile } from "../tiled/drawing/drawing.ts";
import type { Ground } from "./ground.ts";

/** The two colours of open ground. Tiles next to each other have different colours. */
export const OPEN = ["rgb(168 172 160)", "rgb(160 164 152)"] as const;

/**
 * Red, green, blue and opacity of solid ground, each from 0 to 255. Solid ground is drawn over the pictures that exist.
 */
export const SOLID = [70, 78, 84, 217] as const;

/** Returns whether a map is drawn in plain colours: if the picture of a tile is missing, or if the map has no tiles. */
export function isPlain({ drawing, pictures }: Pick<Ground, "drawing" | "pictures">): boolean {
  const isMissing = ({ frames }: DrawnTile) => frames.some(({ image }) => !pictures[image]);
  return drawing.tiles.length === 0 || drawing.tiles.some(isMissing);
}
