// Writes and reads the values of the fields of a Schema class, each in the type that the class declares.
import { decode, encode, type Schema } from "@colyseus/schema";
import { fieldsOf } from "../../../rooms/interest/state-requirements.ts";
import type { SchemaReader, SchemaWriter } from "./schema-bytes.ts";

type Encode = (bytes: Uint8Array, value: unknown, at: { offset: number }) => void;
type Decode = (bytes: Uint8Array, at: { offset: number }) => unknown;

/** The functions of @colyseus/schema, by type name. */
const ENCODE = encode as unknown as Readonly<Record<string, Encode>>;
const DECODE = decode as unknown as Readonly<Record<string, Decode>>;

/** The most bytes that all fields of one object need, except for texts: 63 fields, each with its number. */
export const MAX_FIELDS_BYTES = 63 * 10;

/** The fields of one Schema class. All of them hold single values. */
export class FieldCodec {
  /** The numbers of the fields. */
  readonly indexes: readonly number[];
  /** The names of the fields, by field number. */
  readonly names: readonly string[];
  readonly #encode: readonly Encode[];
  readonly #decode: readonly Decode[];
  readonly #isText: readonly boolean[];

  constructor(schema: typeof Schema) {
    const fields = fieldsOf(schema);
    const sparse = <T>(partOf: (field: (typeof fields)[number], type: string) => T): T[] => {
      const values: T[] = [];
      // A quantized value is written as the number that it stands for, so that all processes have the same number.
      for (const field of fields)
        values[field.index] = partOf(field, typeof field.type === "string" ? field.type : "float64");
      return values;
    };
    this.indexes = fields.map(({ index }) => index);
    this.names = sparse(({ name }) => name);
    this.#encode = sparse((_, type) => ENCODE[type]!);
    this.#decode = sparse((_, type) => DECODE[type]!);
    this.#isText = sparse((_, type) => type === "string");
  }

  /** Writes a value. The writer must already have room for all fields that are not texts. */
  write(out: SchemaWriter, field: number, value: unknown): void {
    if (this.#isText[field]) {
      out.text(value as string);
      out.reserve(MAX_FIELDS_BYTES);
    } else this.#encode[field]!(out.bytes, value, out.at);
  }

  /** Reads a value. */
  read(source: SchemaReader, field: number): unknown {
    return this.#decode[field]!(source.bytes, source.at);
  }
}
