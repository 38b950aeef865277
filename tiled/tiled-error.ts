/** Thrown for a map that cannot be read. */
export class TiledError extends Error {
  /** The map's file, as the caller named it. */
  readonly file: string;
  /**
   * Sentences about the first 100 faults that were found, and the number of the others if there are any. Each sentence
   * about a fault names the part that has the fault.
   */
  readonly faults: readonly string[];

  constructor(file: string, faults: readonly string[]) {
    super(`${file} cannot be read: ${faults.join("; ")}`);
    this.name = "TiledError";
    this.file = file;
    this.faults = faults;
  }
}
