// Reads templates: files with one object, from which the objects of maps are made.
import type { Documents } from "./documents.ts";
import { Fields } from "./fields.ts";
import { MAX_GID, MAX_TILE_NUMBER, tileNumber } from "./gid.ts";
import type { MapTilesets } from "./map-tilesets.ts";
import { resolvePath } from "./path.ts";

/** The templates that a map uses. */
export class Templates {
  readonly #file: string;
  readonly #documents: Documents;
  readonly #tilesets: MapTilesets;
  readonly #objects = new Map<string, Fields | undefined>();

  /** @param file the path of the map's file. */
  constructor(file: string, documents: Documents, tilesets: MapTilesets) {
    this.#file = file;
    this.#documents = documents;
    this.#tilesets = tilesets;
  }

  /** Returns the object of a template file; undefined, with a warning, if the file is not available. */
  object(path: string): Fields | undefined {
    const file = resolvePath(this.#file, path);
    if (!this.#objects.has(file)) this.#objects.set(file, this.#load(file));
    return this.#objects.get(file);
  }

  #load(file: string): Fields | undefined {
    const template = this.#documents.read(file, "template");
    const object = template?.inner("object");
    if (!template || !object) {
      template?.report.fault(template.place, "has no object");
      return undefined;
    }
    const tileset = template.inner("tileset");
    if (!tileset || !object.has("gid")) return object;
    // In the template's file, the global tile id refers only to the template's own tileset.
    const gid = object.integer("gid", 0, 0, MAX_GID);
    const id = tileNumber(gid) - tileset.required("firstgid", 1, MAX_TILE_NUMBER);
    const flags = gid - tileNumber(gid);
    const inMap = flags + this.#tilesets.firstGidOf(tileset, file) + id;
    return new Fields({ ...object.values, gid: inMap }, object.place, object.report);
  }
}
