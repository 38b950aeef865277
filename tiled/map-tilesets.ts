// The tilesets of a map, and those that only its templates use.
import type { Documents } from "./documents.ts";
import type { Fields } from "./fields.ts";
import { MAX_TILE_NUMBER, tileNumber, tileOf } from "./gid.ts";
import type { Tileset } from "./model.ts";
import { resolvePath } from "./path.ts";
import { readTileset, tilesetPlace } from "./tilesets.ts";

/** The first global tile id for tilesets that only templates use. The ids of the map's own tiles are usually below it. */
const FIRST_EXTRA_GID = 2 ** 27;

/** The tilesets of a map. */
export class MapTilesets {
  readonly #documents: Documents;
  /**
   * The range of the global tile ids of the map's own tilesets. `end` is infinite if the size of the last tileset is
   * unknown.
   */
  readonly #range: { readonly first: number; readonly end: number };
  #tilesets: readonly Tileset[];
  #nextExtraGid = FIRST_EXTRA_GID;

  /** @param file the path of the map's file. */
  constructor(map: Fields, file: string, documents: Documents) {
    this.#documents = documents;
    this.#tilesets = map
      .elements("tilesets", tilesetPlace)
      .map((fields) => readTileset(fields, fields.required("firstgid", 1, MAX_TILE_NUMBER), file, documents))
      .sort((one, other) => one.firstGid - other.firstGid);
    const last = this.#tilesets.at(-1);
    this.#range = {
      first: this.#tilesets[0]?.firstGid ?? Number.POSITIVE_INFINITY,
      end: last && last.tileCount > 0 ? endOf(last) : Number.POSITIVE_INFINITY,
    };
  }

  /** The tilesets of the map, followed by those that only templates use. */
  get list(): readonly Tileset[] {
    return this.#tilesets;
  }

  /**
   * Returns the first global tile id of the tileset that a template uses. Adds the tileset if the map does not have it.
   * @param file the path of the template's file.
   */
  firstGidOf(tileset: Fields, file: string): number {
    const source = tileset.has("source") ? resolvePath(file, tileset.text("source")) : undefined;
    const known = this.#tilesets.find((each) => source !== undefined && each.source === source);
    if (known) return known.firstGid;
    const added = readTileset(tileset, this.#nextExtraGid, file, this.#documents);
    this.#nextExtraGid = endOf(added);
    this.#tilesets = [...this.#tilesets, added];
    return added.firstGid;
  }

  /** Returns the size of a tile in pixels; undefined if it is unknown. */
  tileSize(gid: number): { width: number; height: number } | undefined {
    const found = tileOf({ tilesets: this.#tilesets }, gid);
    if (!found || found.tileset.missing) return undefined;
    const { width, height } = found.tile?.area ?? found.tile?.image ?? { width: 0, height: 0 };
    return { width: width || found.tileset.tileWidth, height: height || found.tileset.tileHeight };
  }

  /** Warns about tiles of a layer whose ids are before the first tileset or after the last one. */
  checkTiles(layer: Fields, gids: Uint32Array): void {
    const { first, end } = this.#range;
    let count = 0;
    let example = 0;
    for (let i = 0; i < gids.length; i++) {
      const number = tileNumber(gids[i]!);
      if (number === 0 || (number >= first && number < end)) continue;
      count++;
      example = number;
    }
    if (count > 0) layer.report.warn(layer.place, `has ${count} tiles that are in no tileset, for example ${example}`);
  }
}

/** Returns the first global tile id after those of a tileset. */
function endOf({ firstGid, tileCount, tiles }: Tileset): number {
  // The ids of a tileset that is a collection of images can have gaps, so its last id can be larger than the count.
  return firstGid + [...tiles.keys()].reduce((most, id) => Math.max(most, id + 1), Math.max(1, tileCount));
}
