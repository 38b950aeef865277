// The ground of a map as text, with one character per tile.
import type { Ground } from "./ground.ts";
import { CELLS_PER_TILE } from "./units.ts";

/** Returns the rows of tiles from top to bottom: `#` is solid, `+` partly solid, `.` open. */
export function tileRows({ width, height, solid }: Ground): string[] {
  const columns = width * CELLS_PER_TILE;
  return Array.from({ length: height }, (_row, tileY) =>
    Array.from({ length: width }, (_column, tileX) => {
      let count = 0;
      for (let cellY = tileY * CELLS_PER_TILE; cellY < (tileY + 1) * CELLS_PER_TILE; cellY++) {
        for (let cellX = tileX * CELLS_PER_TILE; cellX < (tileX + 1) * CELLS_PER_TILE; cellX++) {
          count += solid[cellY * columns + cellX]!;
        }
      }
      return count === CELLS_PER_TILE ** 2 ? "#" : count === 0 ? "." : "+";
    }).join(""),
  );
}
