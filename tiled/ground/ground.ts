// The ground of a map: what is solid, and where players start.
import type { Point, TiledMap } from "../model.ts";
import { openCells } from "./cells.ts";
import { describe } from "./claims.ts";
import { readDeclaration } from "./declaration.ts";
import { SelectionError } from "./select.ts";
import { ShapeWorkError, solidCells } from "./solid-cells.ts";
import { spawnsOf } from "./spawns.ts";
import { wallsOf } from "./walls.ts";

/** The ground of a map. */
export interface Ground {
  /** The size in tiles. */
  readonly width: number;
  readonly height: number;
  /**
   * The cells of 8 units: `4 * width` per row, `4 * height` rows. 1 is solid, 0 is open. Empty if the map is not
   * orthogonal.
   */
  readonly solid: Uint8Array;
  /** Where players start: free places for the centre of a body, in whole units. Empty only if there are problems. */
  readonly spawns: readonly Point[];
  /** Sentences that say which walls and spawns are used, and why. */
  readonly rules: readonly string[];
  /** Sentences about parts that look like walls or spawns, but are not used as such. */
  readonly leftOut: readonly string[];
  /** Sentences about things that the author of the map should check. */
  readonly warnings: readonly string[];
  /** The reasons why the map cannot be played on; empty if it can be. */
  readonly problems: readonly string[];
}

/**
 * Returns the ground of a map.
 * @param declaration the parsed JSON of the declaration file beside the map; undefined if there is no such file.
 */
export function groundOf(map: TiledMap, declaration?: unknown): Ground {
  const { width, height } = map;
  const declared = readDeclaration(map, declaration);
  const problems = [...declared.problems, ...shapeProblems(map)];
  if (problems.length > declared.problems.length) {
    const nothing = { spawns: [], rules: [], leftOut: [], warnings: map.warnings };
    return { width, height, solid: new Uint8Array(), ...nothing, problems };
  }
  const attempt = <Result>(action: () => Result, otherwise: () => Result): Result => {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof SelectionError || error instanceof ShapeWorkError)) throw error;
      problems.push(error.message);
      return otherwise();
    }
  };
  const walls = attempt(
    () => wallsOf(map, declared.walls),
    () => ({ claims: [], leftOut: [] }),
  );
  const cells = attempt(
    () => solidCells(map, walls.claims),
    () => openCells(width, height),
  );
  const spawns = attempt(
    () => spawnsOf(map, declared.spawn, cells),
    () => ({ places: [], rules: [], leftOut: [], warnings: [] }),
  );
  if (problems.length === 0 && spawns.places.length === 0) problems.push("a body of 24 units fits nowhere on it");
  const nothingSolid = walls.claims.length === 0 && declared.walls === undefined;
  return {
    width,
    height,
    solid: cells.solid,
    spawns: spawns.places,
    rules: [
      ...walls.claims.map((claim) => `walls: ${describe(claim)}`),
      ...spawns.rules.map((rule) => `spawns: ${rule}`),
    ],
    leftOut: [...walls.leftOut, ...spawns.leftOut],
    warnings: [
      ...map.warnings,
      ...(nothingSolid ? ['nothing on it is solid; declare its walls as "sabang.walls"'] : []),
      ...spawns.warnings,
    ],
    problems,
  };
}

/** Returns why a map of this orientation cannot be played on; empty if it can. */
function shapeProblems({ orientation }: TiledMap): string[] {
  return orientation === "orthogonal" ? [] : [`it is ${orientation}; only orthogonal maps can be played on`];
}
