/** Thrown for a map that cannot be read. */
export class TiledError extends Error {
  /** The map's file, as the caller named it. */
  readonly file: string;
  /** All faults that were found, one sentence each. Each names the layer, object or tileset that it is about. */
  readonly faults: readonly string[];

  constructor(file: string, faults: readonly string[]) {
    super(`${file} cannot be read: ${faults.join("; ")}`);
    this.name = "TiledError";
    this.file = file;
    this.faults = faults;
  }
}
