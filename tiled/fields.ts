import { parseColor } from "./color.ts";
import type { Color } from "./model.ts";
import { quote, type Report } from "./report.ts";

/** The fields of one element of a file. In JSON files, the fields' values may be of any type. */
export type Values = Readonly<Record<string, unknown>>;

/**
 * Reads the fields of one element of a file. A value of the wrong type is a fault. Numbers and booleans may be strings,
 * because all attributes of XML are strings. `key` is the name of a field. Methods with a parameter `fallback` return
 * this fallback if the field has no valid value.
 */
export class Fields {
  readonly values: Values;
  /** The element's name in messages, for example `layer "Walls"`. */
  readonly place: string;
  readonly report: Report;

  constructor(values: Values, place: string, report: Report) {
    report.count("elements", 1);
    this.values = values;
    this.place = place;
    this.report = report;
  }

  /** Whether the element has a value for the field. */
  has(key: string): boolean {
    return this.values[key] != null;
  }

  /** Returns the value of a field as a finite number. */
  number(key: string, fallback: number): number {
    const value = this.values[key];
    if (value == null) return fallback;
    const number = numberOf(value);
    if (Number.isFinite(number)) return number;
    this.#fault(key, "a number");
    return fallback;
  }

  /** Returns the value of a field as a whole number from `least` to `most`. */
  integer(key: string, fallback: number, least = -(2 ** 31), most = 2 ** 31): number {
    const number = this.number(key, fallback);
    if (!this.has(key) || (Number.isInteger(number) && number >= least && number <= most)) return number;
    this.#fault(key, `a whole number from ${least} to ${most}`);
    return fallback;
  }

  /** Like `integer`, but the field must exist. */
  required(key: string, least: number, most: number): number {
    if (!this.has(key)) this.#fault(key, `a whole number from ${least} to ${most}`);
    return this.integer(key, least, least, most);
  }

  /** Returns the value of a field as a string. */
  text(key: string, fallback = ""): string {
    const value = this.values[key];
    if (value == null) return fallback;
    if (typeof value === "string") return value;
    if (typeof value === "number") return String(value);
    this.#fault(key, "a string");
    return fallback;
  }

  /** Returns the value of a field as a boolean. */
  flag(key: string, fallback: boolean): boolean {
    const value = this.values[key];
    if (value == null) return fallback;
    const flag = flagOf(value);
    if (flag === undefined) this.#fault(key, "true or false");
    return flag ?? fallback;
  }

  /**
   * Returns the value of a field if it is one of `choices`; otherwise the first choice. An unknown string causes only a
   * warning, because later versions of Tiled may add values.
   */
  choice<T extends string>(key: string, choices: readonly [T, ...T[]]): T {
    const value = this.text(key);
    const choice = choices.find((each) => each === value);
    if (choice === undefined && value !== "") {
      this.report.warn(this.place, `has the unknown \`${key}\` ${quote(value)}; ${quote(choices[0])} is used`);
    }
    return choice ?? choices[0];
  }

  /** Returns the value of a field as a color; undefined if there is no color. Invalid text causes only a warning. */
  color(key: string): Color | undefined {
    const text = this.text(key);
    const color = parseColor(text);
    if (color === undefined && text !== "") {
      this.report.warn(this.place, `has the \`${key}\` ${quote(text)}, which is not a color`);
    }
    return color;
  }

  /** Returns the items of a list; an empty list if the field has no value. */
  list(key: string): readonly unknown[] {
    const value = this.values[key];
    if (value == null) return [];
    if (Array.isArray(value)) return value;
    this.#fault(key, "a list");
    return [];
  }

  /** Returns one `Fields` for each item of a list. */
  elements(key: string, placeOf: (values: Values, index: number) => string): Fields[] {
    return this.list(key).flatMap((item, index) => {
      if (isValues(item)) return [new Fields(item, placeOf(item, index), this.report)];
      this.report.fault(this.place, `has ${quote(item)} as item ${index + 1} of \`${key}\`; expected an object`);
      return [];
    });
  }

  /** Returns the fields of an inner element; undefined if the element has no such inner element. */
  inner(key: string): Fields | undefined {
    const value = this.values[key];
    if (value == null) return undefined;
    if (isValues(value)) return new Fields(value, this.place, this.report);
    this.#fault(key, "an object");
    return undefined;
  }

  #fault(key: string, expected: string): void {
    this.report.fault(this.place, `has the \`${key}\` ${quote(this.values[key])}; expected ${expected}`);
  }
}

const FLAGS = new Map<unknown, boolean>([
  ...[true, 1, "1", "true"].map((value) => [value, true] as const),
  ...[false, 0, "0", "false", ""].map((value) => [value, false] as const),
]);

/** Returns the number that a value of a file stands for; NaN if the value is not a number. */
export function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

/** Returns the boolean that a value of a file stands for; undefined if the value is not a boolean. */
export function flagOf(value: unknown): boolean | undefined {
  return FLAGS.get(value);
}

/** Returns whether a value is a JSON object. */
export function isValues(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
