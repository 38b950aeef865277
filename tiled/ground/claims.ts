// Claims: parts of a map that are solid, each with the reason. They come from conventions or from a declaration.

import { tileNumber } from "../gid.ts";
import type { MapObject, ObjectLayer, TileLayer } from "../model.ts";
import { quote } from "../report.ts";
import { count } from "./sentences.ts";

/** A part of a map that is solid, and why. */
export type Claim = TilesClaim | TileShapesClaim | ObjectsClaim | InverseClaim;

/**
 * Those tiles of a layer for which `isSolid` returns true. Each tile makes exactly its square of the grid solid, even
 * if its picture is larger.
 */
interface TilesClaim {
  readonly type: "tiles";
  readonly layer: TileLayer;
  /** Returns whether a tile is solid. `tile` is a global tile id without flags. */
  isSolid(tile: number): boolean;
  readonly why: string;
}

/** The collision shapes of all tiles in a layer. */
interface TileShapesClaim {
  readonly type: "tile shapes";
  readonly layer: TileLayer;
  readonly why: string;
}

/** The shapes of objects. */
export interface ObjectsClaim {
  readonly type: "objects";
  readonly layer: ObjectLayer;
  readonly objects: readonly MapObject[];
  readonly why: string;
}

/** All squares of the map, except squares that have an open tile in any of the layers. */
export interface InverseClaim {
  readonly type: "inverse";
  readonly layers: readonly TileLayer[];
  /** Returns whether a tile is open. `tile` is a global tile id without flags. */
  isOpen(tile: number): boolean;
  readonly why: string;
}

/** Returns a sentence about a claim. */
export function describe(claim: Claim): string {
  switch (claim.type) {
    case "tiles": {
      const { length } = claim.layer.gids.filter((gid) => gid !== 0 && claim.isSolid(tileNumber(gid)));
      return `${count(length, "tile")} of layer ${quote(claim.layer.path)}: ${claim.why}`;
    }
    case "tile shapes":
      return `the collision shapes of the tiles of layer ${quote(claim.layer.path)}: ${claim.why}`;
    case "objects":
      return `${count(claim.objects.length, "object")} of layer ${quote(claim.layer.path)}: ${claim.why}`;
    case "inverse":
      return `all but some tiles of ${claim.layers.map(({ path }) => `layer ${quote(path)}`).join(", ")}: ${claim.why}`;
  }
}
