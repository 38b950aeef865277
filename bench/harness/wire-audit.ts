// Reads the frames of one client byte by byte: the frames with state, and the frames with texts and waves of players.
// Returns the players that each frame mentions. It has its own parser for the wire format of @colyseus/schema, because
// the framework's decoder silently skips some data. It uses the framework's decoder only for single numbers and
// strings. The types of the fields come from schema/.
import { decode, type Iterator } from "@colyseus/schema";
import { Player } from "../../schema/player.ts";
import { WorldState } from "../../schema/world-state.ts";
import { FAR, STEP } from "./arena.ts";

/** One mention of a player in a frame: by its id, its reference or its index in the map of players. */
export interface Mention {
  /**
   * `add`: the frame puts the player into the map of players. `change`: the frame sends fields of the player. `remove`:
   * the frame removes the player from the map. A frame that adds a player and sends its fields yields two mentions.
   * `say`: the player says something, or waves.
   */
  how: "add" | "change" | "remove" | "say";
  /** Missing if this client does not know the player. */
  refId?: number;
  /** Missing if the frame removes a player that this client does not know. */
  id?: string;
  /** The player's position after the frame, if this client has ever received it. */
  x?: number;
  y?: number;
}

/** Thrown for bytes that cannot be read. The message contains their offset and the reason. */
export class WireError extends Error {
  constructor(frame: Uint8Array, offset: number, reason: string) {
    const hex = Buffer.from(frame.subarray(offset, offset + 8)).toString("hex");
    super(`byte ${offset} of ${frame.length} (${hex}): ${reason}`);
    this.name = "WireError";
  }
}

/**
 * The opcode of a message, and the types of messages that come from a player. The content of such a message begins with
 * the player's id.
 */
const ROOM_DATA = 0x0d;
const SAY_TYPES = ["say", "wave"];

/** The first byte of a MessagePack map with a 16-bit length field. The server's encoder also uses it for small maps. */
const MAP16 = 0xde;

// The opcodes of the two frames that carry state. If the flag TIMED is set, the opcode is followed by two 32-bit
// numbers: the time, and the number of the last input.
const ROOM_STATE = 0x0e;
const ROOM_STATE_PATCH = 0x0f;
const OPCODE = 0x1f;
const TIMED = 0x80;
const TIMED_BYTES = 8;

// The operations of the format. For a field, the operation (mask OPERATION) and the field's index (mask FIELD) share
// one byte. For an entry of a map, the operation has its own byte.
const SWITCH = 0xff;
const ADD = 0x80;
const DELETE = 0x40;
const REPLACE = 0x00;
const DELETE_AND_ADD = 0xc0;
const CLEAR = 0x0a;
const OPERATION = 0xc0;
const FIELD = 0x3f;

/** Returns the clock in the header of a state frame, in milliseconds; undefined if the frame has none. */
export function clockOf(frame: Uint8Array): number | undefined {
  const [first = 0] = frame;
  if (!WireAudit.isState(frame) || !(first & TIMED) || frame.length < 1 + TIMED_BYTES) return undefined;
  return new DataView(frame.buffer, frame.byteOffset).getUint32(1, true);
}

/** The fields of a schema class by index, as the framework stores them in the class's metadata. */
type Fields = Record<number, { name: string; type: unknown } | undefined>;
const fieldsOf = (type: unknown) => (type as { [Symbol.metadata]: Fields })[Symbol.metadata];

/** What this client has received about one player. */
interface KnownPlayer {
  refId: number;
  id: string;
  x?: number;
  y?: number;
}

/** The reference id of the state itself. The operations at the beginning of each frame apply to the state. */
const ROOT = 0;

/** The audit of one client's frames. `read` must be called with all state frames, from the first one on. */
export class WireAudit {
  #mapRefId: number | undefined;
  /** The known players by their index in the map of players. */
  #byIndex = new Map<number, KnownPlayer>();
  #byRefId = new Map<number, KnownPlayer>();
  /**
   * Players that the current frame has removed. A decoder keeps them until the frame's end, so the frame may add them
   * again.
   */
  #removed = new Map<number, KnownPlayer>();

  /** Whether a frame carries state. `read` accepts a frame only if `isState` or `isSay` returns true for it. */
  static isState(frame: Uint8Array): boolean {
    const opcode = (frame[0] ?? 0) & OPCODE;
    return opcode === ROOM_STATE || opcode === ROOM_STATE_PATCH;
  }

  /** Whether a frame is a text or a wave of a player. */
  static isSay(frame: Uint8Array): boolean {
    return frame[0] === ROOM_DATA && SAY_TYPES.some((type) => startsWithString(frame.subarray(1), type));
  }

  /** Returns the last position that this client has received for a player; undefined if there is no such position. */
  placeOf(id: string): { x: number; y: number } | undefined {
    for (const player of this.#byIndex.values()) {
      if (player.id === id && player.x !== undefined && player.y !== undefined) return { x: player.x, y: player.y };
    }
    return undefined;
  }

  /** Returns the ids of all players that this client knows now. */
  known(): Set<string> {
    return new Set([...this.#byIndex.values()].map(({ id }) => id));
  }

  /**
   * Reads one frame, including its opcode. The frame must carry state, or be a text or a wave of a player. A full state
   * discards all known players that it does not contain.
   * @throws {WireError} if bytes cannot be read. The audit cannot be used after that.
   */
  read(frame: Uint8Array): Mention[] {
    const [first = 0] = frame;
    const opcode = first & OPCODE;
    if (WireAudit.isSay(frame)) return [this.#readSay(frame)];
    if (!WireAudit.isState(frame)) throw new WireError(frame, 0, "expected a full state or a patch");
    if ((first & ~OPCODE & ~TIMED) !== 0) throw new WireError(frame, 0, "the opcode has an unknown flag");
    const body = first & TIMED ? 1 + TIMED_BYTES : 1;
    if (frame.length < body) throw new WireError(frame, 1, "the time and the input number are truncated");
    if (opcode === ROOM_STATE) {
      this.#byIndex.clear();
      this.#byRefId.clear();
    }
    this.#removed.clear();
    return this.#read(frame, { offset: body });
  }

  #read(frame: Uint8Array, it: Iterator): Mention[] {
    const mentions: { how: Mention["how"]; player: KnownPlayer }[] = [];
    const unknown: Mention[] = [];
    /** The refId of the object that the following bytes describe. */
    let subject: number = ROOT;
    while (it.offset < frame.length) {
      const at = it.offset;
      const operation = frame[it.offset++]!;
      if (operation === SWITCH) {
        subject = number(frame, it);
        const player = this.#find(subject);
        if (player) mentions.push({ how: "change", player });
        else if (subject !== ROOT && subject !== this.#mapRefId) {
          throw new WireError(frame, at, `reference ${subject} is unknown to this client`);
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
    // A frame adds a player before it sends the player's position. So the positions are copied only at the end.
    return [...mentions.map(({ how, player }) => ({ how, ...player })), ...unknown];
  }

  /** Reads the beginning of a text or a wave: its type, and a MessagePack map whose first entry is the player's id. */
  #readSay(frame: Uint8Array): Mention {
    const it = { offset: 1 };
    string(frame, it);
    it.offset += frame[it.offset] === MAP16 ? 3 : 1;
    if (string(frame, it) !== "id") throw new WireError(frame, 1, "a message of a player does not begin with its id");
    const id = string(frame, it);
    const player = [...this.#byIndex.values()].find((known) => known.id === id);
    return { how: "say", ...(player ?? { id }) };
  }

  #readRootField(frame: Uint8Array, it: Iterator, operation: number): void {
    const at = it.offset - 1;
    const field = fieldsOf(WorldState)[operation & FIELD];
    if (!field) throw new WireError(frame, at, `the state has no field with index ${operation & FIELD}`);
    if ((operation & OPERATION) === DELETE) return;
    if (field.name !== "players") return void primitive(frame, it, field);
    const refId = number(frame, it);
    if (refId !== this.#mapRefId) {
      // The map of players was replaced, so the players of the previous map are gone.
      this.#byIndex.clear();
      this.#byRefId.clear();
    }
    this.#mapRefId = refId;
  }

  /** Reads one operation on the map of players. Returns undefined if it removes a player unknown to this client. */
  #readMapOperation(frame: Uint8Array, it: Iterator, operation: number) {
    const at = it.offset - 1;
    if (operation === CLEAR) {
      const all = [...this.#byIndex];
      for (const [index, player] of all) this.#remove(index, player);
      return all.map(([, player]) => ({ how: "remove" as const, player }));
    }
    if (![ADD, DELETE, REPLACE, DELETE_AND_ADD].includes(operation)) {
      throw new WireError(frame, at, `0x${operation.toString(16)} is not an operation on a map`);
    }
    const index = number(frame, it);
    const before = this.#byIndex.get(index);
    if (operation === DELETE) {
      if (!before) return undefined;
      this.#remove(index, before);
      return [{ how: "remove" as const, player: before }];
    }
    if (operation === REPLACE && !before) throw new WireError(frame, at, `no player has index ${index}`);
    const id = operation === REPLACE ? before!.id : string(frame, it);
    const refId = number(frame, it);
    // A frame may add a player again without its fields. The player then keeps the fields that were sent before.
    const player = before?.refId === refId ? Object.assign(before, { id }) : { ...this.#find(refId), id, refId };
    const replaced = before && before.refId !== refId ? [{ how: "remove" as const, player: before }] : [];
    if (before) this.#remove(index, before);
    this.#byIndex.set(index, player);
    this.#byRefId.set(refId, player);
    return [...replaced, { how: "add" as const, player }];
  }

  #find(refId: number): KnownPlayer | undefined {
    return this.#byRefId.get(refId) ?? this.#removed.get(refId);
  }

  #remove(index: number, player: KnownPlayer): void {
    this.#byIndex.delete(index);
    this.#byRefId.delete(player.refId);
    this.#removed.set(player.refId, player);
  }

  /**
   * Checks the mentions of the frame that was read last. Returns a description of each leak: a mention of a player that
   * is farther away than FAR, or whose position was never sent. The removal of a known player is not a leak.
   * @param selfId the id of the client's own player.
   * @param options.slackTicks the maximum difference in age between the two positions that are compared, in ticks. For
   * each tick of difference, the distance may be larger by one step per axis.
   * @param options.placeOf returns the real position of a player; undefined if the caller does not know it. The real
   * position takes precedence over the position in the frames.
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
      if (how === "remove") return id === undefined ? ["a player unknown to this client is removed"] : [];
      if (id === selfId) return [];
      if (how === "say" && refId === undefined) return [`${id} says something, but is unknown to this client`];
      const named = `${id} (reference ${refId}, ${how})`;
      if (!self) return [`${named} is sent to a client that does not know its own position`];
      const { x, y } = placeOf?.(id!) ?? mention;
      if (x === undefined || y === undefined) return [`${named} is sent without a position`];
      const distanceAlongAxis = (a: number, b: number) => Math.max(0, Math.abs(a - b) - slackTicks * STEP);
      const distance = Math.hypot(distanceAlongAxis(x, self.x), distanceAlongAxis(y, self.y));
      if (distance <= FAR) return [];
      return [`${named} at (${x}, ${y}) is ${Math.round(distance)} units from the client's (${self.x}, ${self.y})`];
    });
  }
}

/** Whether bytes begin with a short string. */
function startsWithString(bytes: Uint8Array, text: string): boolean {
  return Buffer.of(SHORT_STRING | text.length, ...Buffer.from(text)).equals(bytes.subarray(0, 1 + text.length));
}

function readPlayerField(frame: Uint8Array, it: Iterator, operation: number, player: KnownPlayer): void {
  const field = fieldsOf(Player)[operation & FIELD];
  if (!field) throw new WireError(frame, it.offset - 1, `a player has no field with index ${operation & FIELD}`);
  const value = (operation & OPERATION) === DELETE ? undefined : primitive(frame, it, field);
  if (field.name === "x") player.x = value as number | undefined;
  if (field.name === "y") player.y = value as number | undefined;
}

/** Reads the value of a field with a primitive type. */
function primitive(frame: Uint8Array, it: Iterator, { name, type }: { name: string; type: unknown }): unknown {
  if (type === "string") return string(frame, it);
  const readers = decode as unknown as Record<string, ((bytes: Uint8Array, it: Iterator) => unknown) | undefined>;
  const read = typeof type === "string" ? readers[type] : undefined;
  if (!read) throw new WireError(frame, it.offset, `the audit cannot decode \`${name}\`: unsupported type ${type}`);
  const at = it.offset;
  const value = read(frame, it);
  if (it.offset > frame.length) throw new WireError(frame, at, `the value of \`${name}\` is truncated`);
  return value;
}

/** Reads a reference id or an index, both of which are whole numbers. */
function number(frame: Uint8Array, it: Iterator): number {
  const at = it.offset;
  const value: number | undefined = decode.number(frame, it);
  if (it.offset > frame.length) throw new WireError(frame, at, "a number is truncated");
  if (!Number.isInteger(value) || value < 0) throw new WireError(frame, at, "expected a reference or an index");
  return value;
}

/** The size of the length field after each prefix of a string, in bytes. A short string's prefix holds the length. */
const LENGTH_BYTES: Readonly<Record<number, number>> = { 217: 1, 218: 2, 219: 4 };
const SHORT_STRING = 0xa0;
const SHORT_LENGTH = 0x1f;

/** Reads a string. Checks the length first, because the framework's reader silently stops at the end of the frame. */
function string(frame: Uint8Array, it: Iterator): string {
  const at = it.offset;
  const prefix = frame[at] ?? 0;
  const lengthBytes = LENGTH_BYTES[prefix] ?? 0;
  let length = lengthBytes > 0 ? 0 : prefix & SHORT_LENGTH;
  if (at + 1 + lengthBytes > frame.length) throw new WireError(frame, at, "a string is truncated");
  for (let i = 0, scale = 1; i < lengthBytes; i++, scale *= 256) {
    length += frame[at + 1 + i]! * scale;
  }
  if (lengthBytes === 0 && prefix - length !== SHORT_STRING) throw new WireError(frame, at, "expected a string");
  if (at + 1 + lengthBytes + length > frame.length) throw new WireError(frame, at, "a string is truncated");
  return decode.string(frame, it);
}
