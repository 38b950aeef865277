// Reads the state frames that one client gets, byte by byte, and tells whom each of them names. It knows the wire format
// of @colyseus/schema by itself and shares no code with the framework's decoder but the reading of single numbers and
// strings: what a decoder would skip over in silence is found here. The field types come from schema/.
import { decode, type Iterator } from "@colyseus/schema";
import { Player } from "../../schema/player.ts";
import { WorldState } from "../../schema/world-state.ts";
import { FAR, STEP } from "./arena.ts";

/** One naming of a player by a frame: by its id, its reference or its index in the map of players. */
export interface Mention {
  /**
   * `add`: put into the map, with its id. `change`: fields of it. `remove`: taken out of the map. A player who is both
   * added and described by one frame is mentioned twice.
   */
  how: "add" | "change" | "remove";
  /** Missing for the removal of somebody this client had never been told of. */
  refId?: number;
  /** Missing for the removal of somebody this client had never been told of. */
  id?: string;
  /** The place of the player as it stands after the frame, as far as this client was ever told. */
  x?: number;
  y?: number;
}

/** Bytes that cannot be accounted for. The message tells where they are and what is wrong with them. */
export class WireError extends Error {
  constructor(frame: Uint8Array, offset: number, fault: string) {
    super(
      `byte ${offset} of ${frame.length} (${Buffer.from(frame.subarray(offset, offset + 8)).toString("hex")}): ${fault}`,
    );
    this.name = "WireError";
  }
}

// The opcodes of the two frames that carry state; the flag stands for a prefix of two 32 bit numbers.
const ROOM_STATE = 0x0e;
const ROOM_STATE_PATCH = 0x0f;
const OPCODE = 0x1f;
const TIMED = 0x80;
const TIMED_BYTES = 8;

// The operations of the format. In a field they share a byte with its index, in a map they stand alone.
const SWITCH = 0xff;
const ADD = 0x80;
const DELETE = 0x40;
const REPLACE = 0x00;
const DELETE_AND_ADD = 0xc0;
const CLEAR = 0x0a;
const OPERATION = 0xc0;
const FIELD = 0x3f;

/** A class's fields by index, as the framework keeps them on it. */
type Fields = Record<number, { name: string; type: unknown } | undefined>;
const fieldsOf = (type: unknown) => (type as { [Symbol.metadata]: Fields })[Symbol.metadata];

/** What this client was told of one player. */
interface Told {
  refId: number;
  id: string;
  x?: number;
  y?: number;
}

/** The refId of the state itself, at which every frame begins. */
const ROOT = 0;

/** The audit of one client's frames, which must be read from its first one on. */
export class WireAudit {
  #mapRefId: number | undefined;
  /** By index in the map of players. */
  #byIndex = new Map<number, Told>();
  #byRefId = new Map<number, Told>();
  /** Those whom the frame under way has taken out: a decoder keeps them to its end, so it may put them back. */
  #leaving = new Map<number, Told>();

  /** Whether a frame is one of those that `read` takes. */
  static isState(frame: Uint8Array): boolean {
    const opcode = (frame[0] ?? 0) & OPCODE;
    return opcode === ROOM_STATE || opcode === ROOM_STATE_PATCH;
  }

  /** Where a player is, as far as this client was told; undefined for whom it does not know. */
  placeOf(id: string): { x: number; y: number } | undefined {
    for (const told of this.#byIndex.values()) {
      if (told.id === id && told.x !== undefined && told.y !== undefined) return { x: told.x, y: told.y };
    }
    return undefined;
  }

  /** The ids of all players that this client knows now. */
  known(): Set<string> {
    return new Set([...this.#byIndex.values()].map(({ id }) => id));
  }

  /**
   * Reads one frame, from its opcode on. A full state is a new beginning: whom it does not name is forgotten.
   * @throws {WireError} on bytes that cannot be accounted for; the audit is of no use after that.
   */
  read(frame: Uint8Array): Mention[] {
    const [first = 0] = frame;
    const opcode = first & OPCODE;
    if (!WireAudit.isState(frame)) throw new WireError(frame, 0, "expected a full state or a patch");
    if ((first & ~OPCODE & ~TIMED) !== 0) throw new WireError(frame, 0, "the opcode has an unknown flag");
    const body = first & TIMED ? 1 + TIMED_BYTES : 1;
    if (frame.length < body) throw new WireError(frame, 1, "the time and the input number are cut off");
    if (opcode === ROOM_STATE) {
      this.#byIndex.clear();
      this.#byRefId.clear();
    }
    this.#leaving.clear();
    return this.#read(frame, { offset: body });
  }

  #read(frame: Uint8Array, it: Iterator): Mention[] {
    const mentions: { how: Mention["how"]; told: Told }[] = [];
    const unknown: Mention[] = [];
    /** What the bytes that follow describe. */
    let subject: number = ROOT;
    while (it.offset < frame.length) {
      const at = it.offset;
      const operation = frame[it.offset++]!;
      if (operation === SWITCH) {
        subject = number(frame, it);
        const told = this.#find(subject);
        if (told) mentions.push({ how: "change", told });
        else if (subject !== ROOT && subject !== this.#mapRefId) {
          throw new WireError(frame, at, `reference ${subject} was never introduced to this client`);
        }
      } else if (subject === ROOT) {
        this.#readRootField(frame, it, operation);
      } else if (subject === this.#mapRefId) {
        const mention = this.#readMapOperation(frame, it, operation);
        if (mention === undefined) unknown.push({ how: "remove" });
        else mentions.push(...mention);
      } else {
        readPlayerField(frame, it, operation, this.#find(subject)!);
      }
    }
    // The places are read off at the end: a player is described after it was added.
    return [...mentions.map(({ how, told }) => ({ how, ...told })), ...unknown];
  }

  #readRootField(frame: Uint8Array, it: Iterator, operation: number): void {
    const at = it.offset - 1;
    const field = fieldsOf(WorldState)[operation & FIELD];
    if (!field) throw new WireError(frame, at, `the state has no field ${operation & FIELD}`);
    if ((operation & OPERATION) === DELETE) return;
    if (field.name !== "players") return void primitive(frame, it, field);
    const refId = number(frame, it);
    if (refId !== this.#mapRefId) {
      // Another map: whoever was in the last one is gone with it.
      this.#byIndex.clear();
      this.#byRefId.clear();
    }
    this.#mapRefId = refId;
  }

  /** Undefined for the removal of somebody this client had never been told of. */
  #readMapOperation(frame: Uint8Array, it: Iterator, operation: number) {
    const at = it.offset - 1;
    if (operation === CLEAR) {
      const all = [...this.#byIndex];
      for (const [index, told] of all) this.#forget(index, told);
      return all.map(([, told]) => ({ how: "remove" as const, told }));
    }
    if (![ADD, DELETE, REPLACE, DELETE_AND_ADD].includes(operation)) {
      throw new WireError(frame, at, `0x${operation.toString(16)} is no operation on a map`);
    }
    const index = number(frame, it);
    const before = this.#byIndex.get(index);
    if (operation === DELETE) {
      if (!before) return undefined;
      this.#forget(index, before);
      return [{ how: "remove" as const, told: before }];
    }
    if (operation === REPLACE && !before) throw new WireError(frame, at, `nobody is at index ${index}`);
    const id = operation === REPLACE ? before!.id : string(frame, it);
    const refId = number(frame, it);
    // Added again, a player is who it was: the frame need not repeat its fields.
    const told = before?.refId === refId ? Object.assign(before, { id }) : { ...this.#find(refId), id, refId };
    const replaced = before && before.refId !== refId ? [{ how: "remove" as const, told: before }] : [];
    if (before) this.#forget(index, before);
    this.#byIndex.set(index, told);
    this.#byRefId.set(refId, told);
    return [...replaced, { how: "add" as const, told }];
  }

  #find(refId: number): Told | undefined {
    return this.#byRefId.get(refId) ?? this.#leaving.get(refId);
  }

  #forget(index: number, told: Told): void {
    this.#byIndex.delete(index);
    this.#byRefId.delete(told.refId);
    this.#leaving.set(told.refId, told);
  }

  /**
   * Judges the mentions of the frame that was read last. `selfId`: the client's own player. A sentence for each player
   * named whom the client must not be told of, because it is farther than FAR, or nobody ever said where it is; the
   * removal of a player it had been told of is no leak. `slackTicks`: ticks by which own and other place may be apart
   * in age; each allows one step per axis. `placeOf`: where players really are, if the caller knows better than the
   * frames.
   */
  leaks(
    selfId: string,
    mentions: readonly Mention[],
    {
      slackTicks = 1,
      placeOf,
    }: { slackTicks?: number; placeOf?: (id: string) => { x: number; y: number } | undefined } = {},
  ): string[] {
    const self = placeOf?.(selfId) ?? this.placeOf(selfId);
    return mentions.flatMap((mention) => {
      const { how, id, refId } = mention;
      if (how === "remove") return id === undefined ? ["the removal of a player this client was never told of"] : [];
      if (id === selfId) return [];
      const named = `${id} (reference ${refId}, ${how})`;
      if (!self) return [`${named} is named to a client that does not know its own place`];
      const { x, y } = placeOf?.(id!) ?? mention;
      if (x === undefined || y === undefined) return [`${named} is named and nobody said where it is`];
      const apart = (a: number, b: number) => Math.max(0, Math.abs(a - b) - slackTicks * STEP);
      const distance = Math.hypot(apart(x, self.x), apart(y, self.y));
      if (distance <= FAR) return [];
      return [`${named} at (${x}, ${y}) is ${Math.round(distance)} units from the client's (${self.x}, ${self.y})`];
    });
  }
}

function readPlayerField(frame: Uint8Array, it: Iterator, operation: number, told: Told): void {
  const field = fieldsOf(Player)[operation & FIELD];
  if (!field) throw new WireError(frame, it.offset - 1, `a player has no field ${operation & FIELD}`);
  const value = (operation & OPERATION) === DELETE ? undefined : primitive(frame, it, field);
  if (field.name === "x") told.x = value as number | undefined;
  if (field.name === "y") told.y = value as number | undefined;
}

/** Reads a value of a field's type, which must be one that stands for itself. */
function primitive(frame: Uint8Array, it: Iterator, { name, type }: { name: string; type: unknown }): unknown {
  if (type === "string") return string(frame, it);
  const readers = decode as unknown as Record<string, ((bytes: Uint8Array, it: Iterator) => unknown) | undefined>;
  const read = typeof type === "string" ? readers[type] : undefined;
  if (!read) throw new WireError(frame, it.offset, `the audit cannot read the type of the field \`${name}\``);
  const at = it.offset;
  const value = read(frame, it);
  if (it.offset > frame.length) throw new WireError(frame, at, `the value of \`${name}\` is cut off`);
  return value;
}

/** A reference or an index: a whole number. */
function number(frame: Uint8Array, it: Iterator): number {
  const at = it.offset;
  const value: number | undefined = decode.number(frame, it);
  if (it.offset > frame.length) throw new WireError(frame, at, "a number is cut off");
  if (!Number.isInteger(value) || value < 0) throw new WireError(frame, at, "expected a reference or an index");
  return value;
}

/** The prefixes of a string, and how many bytes of length follow each; a short one has its length in the prefix. */
const LENGTH_BYTES: Readonly<Record<number, number>> = { 217: 1, 218: 2, 219: 4 };
const SHORT_STRING = 0xa0;
const SHORT_LENGTH = 0x1f;

/** The framework's reader stops in silence at the end of the frame, so the length is looked at first. */
function string(frame: Uint8Array, it: Iterator): string {
  const at = it.offset;
  const prefix = frame[at] ?? 0;
  const lengthBytes = LENGTH_BYTES[prefix] ?? 0;
  let length = lengthBytes > 0 ? 0 : prefix & SHORT_LENGTH;
  if (at + 1 + lengthBytes > frame.length) throw new WireError(frame, at, "a string is cut off");
  for (let i = 0, scale = 1; i < lengthBytes; i++, scale *= 256) {
    length += frame[at + 1 + i]! * scale;
  }
  if (lengthBytes === 0 && prefix - length !== SHORT_STRING) throw new WireError(frame, at, "expected a string");
  if (at + 1 + lengthBytes + length > frame.length) throw new WireError(frame, at, "a string is cut off");
  return decode.string(frame, it);
}
