// How a player is sent between processes: its fields, the number of its applied inputs, and its latest input.
import { $changes, $values, type IRef, OPERATION, type Schema } from "@colyseus/schema";
import type { TrackedPlayer } from "../../../rooms/interest/player-codec.ts";
import type { Input } from "../../../sim/apply-input.ts";
import { FieldCodec, MAX_FIELDS_BYTES } from "./field-codec.ts";
import { readInput, writeInput } from "./input-format.ts";
import type { SchemaReader, SchemaWriter } from "./schema-bytes.ts";

/**
 * The first byte of a change: its low bits are the number of changed fields. `APPLIED` says that the number of applied
 * inputs has changed, and `LATEST` that the latest input has changed.
 */
const APPLIED = 0x80;
const LATEST = 0x40;
const COUNT = 0x3f;

/** This bit of a field's number says that the field has no value any more. */
const UNSET = 0x80;

/** Precedes a number of applied inputs that is written in full. Otherwise only the increase is written. */
const ABSOLUTE = 0;

/** Used as a number of applied inputs if the receivers do not know the number. */
export const UNKNOWN = -1;

/** The most bytes of a change, without its texts and the latest input. */
const MAX_CHANGE_BYTES = 1 + MAX_FIELDS_BYTES + 2 * 9;

/** The parts of a mirrored player that `PlayerFormat.read` updates. */
export interface MirroredFields {
  readonly player: TrackedPlayer;
  /** The result of `valuesOf` for the player. Most reads need only this array, and not the player. */
  readonly values: unknown[];
  consumedCount: number;
  latest: Input | undefined;
}

/** Returns the values of a Schema object, by field number. */
export const valuesOf = (ref: IRef) => (ref as unknown as { [$values]: unknown[] })[$values];

/** Writes and reads the changes of players of one class. */
export class PlayerFormat {
  readonly #fields: FieldCodec;
  /** The writer that `#writeField` uses in the present call of `write`. */
  #out!: SchemaWriter;
  #values!: unknown[];
  #count = 0;

  /** @param player the class of the players. */
  constructor(player: typeof Schema) {
    this.#fields = new FieldCodec(player);
  }

  /**
   * Writes a player.
   * @param isWhole whether all fields are written, and not only those that have changed.
   * @param before the number of applied inputs that the receivers know.
   * @param latest the latest input, if the receivers do not know it.
   */
  write(
    out: SchemaWriter,
    player: TrackedPlayer,
    isWhole: boolean,
    applied: number,
    before: number,
    latest: Readonly<Input> | undefined,
  ): void {
    out.reserve(MAX_CHANGE_BYTES);
    const start = out.at.offset++;
    let first = 0;
    if (applied !== before) {
      first |= APPLIED;
      if (before === UNKNOWN || applied < before) out.number(ABSOLUTE);
      out.number(before === UNKNOWN || applied < before ? applied : applied - before);
    }
    if (latest) {
      first |= LATEST;
      writeInput(out, latest);
      out.reserve(MAX_FIELDS_BYTES);
    }
    this.#out = out;
    this.#values = valuesOf(player);
    this.#count = 0;
    if (isWhole) for (const field of this.#fields.indexes) this.#writeField(field);
    else player[$changes]!.forEach(this.#writeField);
    out.bytes[start] = first | this.#count;
  }

  readonly #writeField = (field: number): void => {
    const value = this.#values[field];
    const out = this.#out;
    this.#count++;
    if (value === undefined || value === null) out.bytes[out.at.offset++] = UNSET | field;
    else {
      out.bytes[out.at.offset++] = field;
      this.#fields.write(out, field, value);
    }
  };

  /**
   * Reads what `write` has written.
   * @param isTracked whether the framework's encoder must learn which fields have changed.
   */
  read(source: SchemaReader, target: MirroredFields, isTracked: boolean): void {
    const first = source.byte();
    if (first & APPLIED) {
      const added = source.number();
      target.consumedCount = added === ABSOLUTE ? source.number() : target.consumedCount + added;
    }
    if (first & LATEST) target.latest = readInput(source);
    // Does not use the setters of the fields, which would take several times as long for many players.
    const { values } = target;
    for (let count = first & COUNT; count > 0; count--) {
      const field = source.byte();
      if (field & UNSET) {
        const index = field - UNSET;
        if (isTracked && values[index] !== undefined) target.player[$changes]!.delete(index);
        values[index] = undefined;
      } else {
        const value = this.#fields.read(source, field);
        if (isTracked && value !== values[field]) target.player[$changes]!.change(field, OPERATION.ADD);
        values[field] = value;
      }
    }
  }
}
