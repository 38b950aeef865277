// Finds what is solid on a map: by its declaration, or by convention.
import type { TiledMap } from "../model.ts";
import type { Claim } from "./claims.ts";
import type { Term } from "./declaration.ts";
import { type Selection, select } from "./select.ts";
import { conventionalWalls, type FoundWalls } from "./wall-conventions.ts";

/**
 * Returns what is solid.
 * @param terms the terms of the map's declaration; undefined if the map does not declare its walls.
 * @throws {SelectionError} if a term names something that the map does not have.
 */
export function wallsOf(map: TiledMap, terms: readonly Term[] | undefined): FoundWalls {
  const found = (terms ?? [AUTO]).map((term) => wallsOfTerm(map, term));
  return { claims: found.flatMap(({ claims }) => claims), leftOut: found.flatMap(({ leftOut }) => leftOut) };
}

const AUTO = { keyword: "auto" } as const;

function wallsOfTerm(map: TiledMap, term: Term | typeof AUTO): FoundWalls {
  switch (term.keyword) {
    case "auto":
      return conventionalWalls(map);
    case "none":
      return { claims: [], leftOut: [] };
    default:
      return { claims: claimsOf(select(map, term), term), leftOut: [] };
  }
}

function claimsOf({ tiles, objects }: Selection, { keyword }: Term): Claim[] {
  const why = "declared";
  switch (keyword) {
    case "not-property": {
      const layers = tiles.map(({ layer }) => layer);
      return [{ type: "inverse", layers, isOpen: (tile) => tiles.some(({ has }) => has(tile)), why }];
    }
    case "shapes":
      return tiles.map(({ layer }) => ({ type: "tile shapes", layer, why }));
    default:
      return [
        ...tiles.map(({ layer, has }): Claim => ({ type: "tiles", layer, isSolid: has, why })),
        ...objects.map(({ layer, objects }): Claim => ({ type: "objects", layer, objects, why })),
      ];
  }
}
