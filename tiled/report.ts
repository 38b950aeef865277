// Collects the faults and the warnings of a map, so that all faults are reported at once. Stops reading when a limit is
// exceeded.
import type { Limits } from "./limits.ts";
import { TiledError } from "./tiled-error.ts";

/** A report keeps up to this many faults, and up to this many warnings. A damaged file can have thousands of each. */
const MAX_SENTENCES = 100;

/** The faults and the warnings of one map. */
export class Report {
  readonly file: string;
  readonly limits: Limits;
  readonly #faults = new Sentences();
  readonly #warnings = new Sentences();
  readonly #used = { textLength: 0, cells: 0, elements: 0 };

  constructor(file: string, limits: Limits) {
    this.file = file;
    this.limits = limits;
  }

  /** The warnings so far. */
  get warnings(): string[] {
    return this.#warnings.list();
  }

  /**
   * Adds a fault: the map cannot be used.
   * @param place the part of the map that has the fault, for example `layer "Walls"`.
   * @param problem the rest of the sentence that begins with `place`.
   */
  fault(place: string, problem: string): void {
    this.#faults.add(`${place} ${problem}`);
  }

  /** Adds a warning: a part of the map is left out, and the rest can be used. */
  warn(place: string, problem: string): void {
    this.#warnings.add(`${place} ${problem}`);
  }

  /** Adds a fault and stops reading. */
  stop(place: string, problem: string): never {
    this.fault(place, problem);
    throw new TiledError(this.file, this.#faults.list());
  }

  /** Stops reading if there are faults. */
  throwFaults(): void {
    const faults = this.#faults.list();
    if (faults.length > 0) throw new TiledError(this.file, faults);
  }

  /** Counts something that is limited. Stops reading if the limit is exceeded. */
  count(what: keyof typeof LIMITED, amount: number): void {
    this.#used[what] += amount;
    if (this.#used[what] > this.limits[what]) {
      this.stop("the map", `has more than ${this.limits[what].toLocaleString("en")} ${LIMITED[what]}`);
    }
  }

  /** Stops reading if groups or properties are nested too deeply. */
  checkDepth(place: string, depth: number): void {
    if (depth > this.limits.depth) this.stop(place, `is nested more than ${this.limits.depth} levels deep`);
  }
}

const LIMITED = {
  textLength: "characters in its file and the files that it names; save its layers as Base64 zlib",
  cells: "cells in all tile layers together",
  elements: "layers, objects, corners, tiles with details, frames and properties together",
};

class Sentences {
  readonly #sentences: string[] = [];
  #left = 0;

  add(sentence: string): void {
    if (this.#sentences.length < MAX_SENTENCES) this.#sentences.push(sentence);
    else this.#left++;
  }

  list(): string[] {
    return this.#left === 0 ? [...this.#sentences] : [...this.#sentences, `and ${this.#left} more`];
  }
}

/** A sentence quotes up to this many characters of a string from a file. */
const MAX_SHOWN = 120;

/** Returns a value of a file as it is shown in a sentence. */
export function quote(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length <= MAX_SHOWN ? value : `${value.slice(0, MAX_SHOWN)}…`);
}
