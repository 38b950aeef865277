// The file format of a recording: a first line, then frames. Each frame has checksums, which locate damaged bytes.
// docs/replay.md describes every byte.
import type { Input } from "../sim/apply-input.ts";
import { hashOfMap } from "../sim/hash.ts";
import type { WorldMap } from "../sim/map.ts";
import { HALF_BODY, QUEUE_LIMIT, STEP, TICK_HZ, TILE } from "../sim/rules.ts";
import type { PlayerInWorld } from "../sim/world.ts";
import { ByteWriter, crc32 } from "./bytes.ts";
import { VERSION } from "./version.ts";

/** The version of the format, as written in the first line of a file. It increases with every change to the format. */
const FORMAT = 2;

const FIRST_LINE = `sabang-replay ${FORMAT}\n`;

/** The kinds of frames. The kind is the first byte of a frame. */
export const KIND = {
  /** The first frame of a recording. Its payload is a Header as JSON. */
  header: 1,
  /** The payload is a Snapshot as JSON. Playing can start at any snapshot. */
  snapshot: 2,
  /** The events of one second's ticks, then a check of the world. */
  second: 3,
  /** The last frame of a recording that was not cut off. Its payload is empty. */
  end: 4,
} as const;

/**
 * The codes of the events in a `second` frame. An event begins with a varint, whose low four bits are one of these
 * codes. The other bits are the player's slot (replay/player-ids.ts) if the event belongs to a player.
 */
export const OP = {
  /** The world ticks and consumes the inputs recorded since the previous tick. */
  tick: 0,
  /** Codes 1 to 4: `move` plus the direction of a queued move. The direction is the move's only field. */
  move: 0,
  /** Codes 5 to 9: `input` plus the direction of a predicted input. Its other fields equal those of `blankInput`. */
  input: 5,
  /** Any other predicted input. A text follows: the input as JSON. */
  otherInput: 10,
  /** A call of a method of the world. A text follows: the method's name and the arguments as JSON. */
  call: 11,
  /** A check of the world, the last event of a second. The data of the check follows: see `Recorder.check`. */
  check: 12,
  /** Any other queued move. A text follows: the input as JSON. */
  otherMove: 13,
} as const;

/**
 * The methods of World that are recorded as calls. A new method that changes the world must be added here and in
 * RecordedWorld.
 */
export const CALLS = ["join", "leave", "clearQueue"] as const;
/** The name of a method in CALLS. */
export type Call = (typeof CALLS)[number];

/** The error that caused a recording to be saved automatically. */
export interface Incident {
  /** Completed ticks when the error was detected. A tick that threw the error counts as completed. */
  tick: number;
  /** Session id of the affected player. */
  player: string;
  /** The error, as the rest of a sentence that begins with the player's name. */
  fault: string;
}

/** Returns the `fault` of an incident in which a step threw `error`. */
export function stepFailure(error: unknown): string {
  return `took a step that threw: ${error}`;
}

/** The properties of a recording, stored in its first frame. */
export interface Header {
  /** The version of sabang that made the recording. */
  version: string;
  map: string;
  /** The hash of the map's size, walls and spawns: `hashOfMap`. */
  mapHash: number;
  /** Constants of sim/rules.ts by name. */
  rules: Record<string, number>;
  /** The seed of the world's random generator. Each snapshot has the state of the generator at that time. */
  seed: number;
  /** Approximate time of the world's first tick: ms since 1970. */
  startedAt: number;
  /** A no-op input with all fields that an input can have. */
  blankInput: Input;
  /** Only in a recording that was saved because of an incident. */
  incident?: Incident;
}

/** The complete state of a world between two ticks. Playing can start from it. */
export interface Snapshot {
  /** The state of the world's random generator. */
  random: number;
  players: (PlayerInWorld & { slot: number })[];
}

/** A frame of a recording. */
export interface Frame {
  kind: number;
  /** Completed ticks at the end of the frame. */
  tick: number;
  /** The offset of the frame in the file, in bytes. */
  offset: number;
  payload: Uint8Array;
}

/** A recording as it was read from a file. */
export interface Recording {
  header: Header;
  /** The `snapshot` and `second` frames, in order. The first frame is a snapshot. */
  frames: Frame[];
  /** Completed ticks at the beginning and at the end of the recording. */
  firstTick: number;
  lastTick: number;
  /** Describes how the file was cut off; undefined for a complete file. */
  truncated?: string;
}

/**
 * The reason why a recording cannot be played. `checkFit` ignores the reasons `version` and `truncated` if its caller
 * accepts them.
 */
export type Hindrance = "foreign" | "format" | "damaged" | "empty" | "rules" | "map" | "version" | "truncated";

/** The values in the message of a RecordingError, for messages in other languages. */
export interface RecordingErrorDetails {
  /** The first and the last byte of the damaged part. */
  from?: number;
  to?: number;
  /** Completed ticks before the damaged part. */
  tick?: number;
  /** The name of a constant in `sim/rules.ts`. */
  rule?: string;
  /** `made`: the format, version, map or rule value of the recording. `here`: its counterpart in this program. */
  made?: string | number;
  here?: string | number;
}

/** Thrown for a recording that cannot be played. */
export class RecordingError extends Error {
  readonly hindrance: Hindrance;
  readonly details: RecordingErrorDetails;

  constructor(hindrance: Hindrance, message: string, details: RecordingErrorDetails = {}) {
    super(message);
    this.hindrance = hindrance;
    this.details = details;
  }
}

/** The rules that must be the same when a recording is made and when it is played. */
export const RULES = { STEP, TICK_HZ, TILE, HALF_BODY, QUEUE_LIMIT };

/** A cache of the hash of each map: every room needs the hash, and hashing a large map takes a while. */
const mapHashes = new WeakMap<WorldMap, number>();

function mapHashOf(map: WorldMap): number {
  const hash = mapHashes.get(map) ?? hashOfMap(map);
  mapHashes.set(map, hash);
  return hash;
}

/** Returns the header of a new recording. */
export function headerOf(map: WorldMap, seed: number, startedAt: number, blankInput: Input): Header {
  return { version: VERSION, map: map.name, mapHash: mapHashOf(map), rules: RULES, seed, startedAt, blankInput };
}

/** Returns the first line of a file and its header frame. */
export function fileHeader(header: Header, tick: number): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  const line = new TextEncoder().encode(FIRST_LINE);
  const frame = jsonFrame(KIND.header, tick, header, writer);
  const bytes = new Uint8Array(line.length + frame.length);
  bytes.set(line);
  bytes.set(frame, line.length);
  return bytes;
}

/** Returns a frame whose payload is JSON. */
export function jsonFrame(kind: number, tick: number, value: unknown, writer: ByteWriter): Uint8Array<ArrayBuffer> {
  writer.text(JSON.stringify(value));
  return frame(kind, tick, writer.take());
}

/**
 * Bytes before the payload of a frame: four fields of four bytes each. The first field holds the length and the kind.
 * The other fields are the tick, the checksum of the payload, and the checksum of the first three fields.
 */
const PREFIX_BYTES = 16;

/** Maximum bytes of a payload: its length is stored in three bytes. */
const MAX_PAYLOAD_BYTES = 0xffffff;

/** Returns a frame with this payload. */
export function frame(kind: number, tick: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  if (payload.length > MAX_PAYLOAD_BYTES)
    throw new RangeError(`a frame has ${payload.length} bytes; the maximum is ${MAX_PAYLOAD_BYTES}`);
  const bytes = new Uint8Array(PREFIX_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length * 256 + kind, true);
  view.setUint32(4, tick, true);
  view.setUint32(8, crc32(payload), true);
  view.setUint32(12, crc32(bytes.subarray(0, 12)), true);
  bytes.set(payload, PREFIX_BYTES);
  return bytes;
}

/**
 * Reads a file and verifies every byte of it. Accepts a file that was cut off: see `Recording.truncated`.
 * @throws {RecordingError} if the file is not a recording, has another format, has no state to start from, or is
 * damaged. The message tells which bytes are damaged.
 */
export function readRecording(bytes: Uint8Array): Recording {
  const { frames, truncated } = framesIn(bytes);
  const [first, ...rest] = frames;
  const played = rest.filter(({ kind }) => kind === KIND.snapshot || kind === KIND.second);
  if (first?.kind !== KIND.header || played[0]?.kind !== KIND.snapshot) {
    throw new RecordingError(
      "empty",
      `it has no state to start from: ${truncated ?? "its first frames are not a header and a snapshot"}`,
    );
  }
  const header = jsonIn(first.payload) as Header;
  return { header, frames: played, firstTick: played[0].tick, lastTick: played.at(-1)!.tick, truncated };
}

function framesIn(bytes: Uint8Array): { frames: Frame[]; truncated?: string } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Frame[] = [];
  for (let offset = afterFirstLine(bytes); ; ) {
    const before = frames.at(-1);
    const where = before ? `after tick ${before.tick}` : "before its header";
    const left = bytes.length - offset;
    if (before?.kind === KIND.end) {
      if (left === 0) return { frames };
      throw new RecordingError(
        "damaged",
        `it has data after its end mark, from byte ${offset}: use an undamaged copy`,
        {
          from: offset,
          to: bytes.length - 1,
          tick: before.tick,
        },
      );
    }
    if (left === 0) return { frames, truncated: `it ends without its end mark, at byte ${offset}, ${where}` };
    const cutOff = { frames, truncated: `it ends within the frame that begins at byte ${offset}, ${where}` };
    if (left < PREFIX_BYTES) return cutOff;
    const damaged = (from: number, to: number) =>
      new RecordingError("damaged", `it is damaged between bytes ${from} and ${to}, ${where}: use an undamaged copy`, {
        from,
        to,
        tick: before?.tick ?? 0,
      });
    if (crc32(bytes.subarray(offset, offset + 12)) !== view.getUint32(offset + 12, true)) {
      throw damaged(offset, offset + PREFIX_BYTES - 1);
    }
    const kindAndLength = view.getUint32(offset, true);
    const end = offset + PREFIX_BYTES + (kindAndLength >>> 8);
    if (end > bytes.length) return cutOff;
    const payload = bytes.subarray(offset + PREFIX_BYTES, end);
    if (crc32(payload) !== view.getUint32(offset + 8, true)) throw damaged(offset + PREFIX_BYTES, end - 1);
    frames.push({ kind: kindAndLength & 255, tick: view.getUint32(offset + 4, true), offset, payload });
    offset = end;
  }
}

function afterFirstLine(bytes: Uint8Array): number {
  const line = new TextDecoder("latin1").decode(bytes.subarray(0, 40));
  const format = /^sabang-replay (\d+)\n/.exec(line)?.[1];
  if (format === undefined)
    throw new RecordingError(
      "foreign",
      `it is not a sabang recording: its first line is not "sabang-replay ${FORMAT}"`,
    );
  if (format !== String(FORMAT)) {
    throw new RecordingError(
      "format",
      `it has format ${format}, but this version reads format ${FORMAT}: use the version that recorded it`,
      { made: format, here: FORMAT },
    );
  }
  return FIRST_LINE.length;
}

/** Returns the parsed JSON of a frame's payload. */
export function jsonIn(payload: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(payload.subarray(payload.findIndex((byte) => byte < 128) + 1)));
}

/**
 * Checks that a recording can be played with this version and this map.
 * @param accept.anyVersion accepts a recording made by another version of sabang, to find out whether the rules differ.
 * @param accept.truncated accepts a recording that was cut off.
 * @throws {RecordingError} for the first condition that is not met.
 */
export function checkFit(
  { header, truncated }: Recording,
  map: WorldMap,
  accept: { anyVersion?: boolean; truncated?: boolean },
) {
  if (header.version !== VERSION && !accept.anyVersion) {
    throw new RecordingError(
      "version",
      `it was recorded by sabang ${header.version}, but this is ${VERSION}: play it with the version that recorded it`,
      { made: header.version, here: VERSION },
    );
  }
  for (const [name, value] of Object.entries(RULES)) {
    if (header.rules[name] === value) continue;
    throw new RecordingError(
      "rules",
      `it was recorded with ${name} ${header.rules[name]}, but sim/rules.ts has ${value}: play it with the same rules`,
      { rule: name, made: header.rules[name], here: value },
    );
  }
  if (header.map !== map.name) {
    throw new RecordingError("map", `it was recorded on the map "${header.map}", but this map is "${map.name}"`, {
      made: header.map,
      here: map.name,
    });
  }
  const hash = mapHashOf(map);
  if (header.mapHash !== hash) {
    throw new RecordingError(
      "map",
      `its map "${map.name}" (${hex(header.mapHash)}) differs from this one (${hex(hash)}): ` +
        "walls or spawns have changed; use the map that it was recorded on",
      { made: header.map, here: map.name },
    );
  }
  if (truncated && !accept.truncated) {
    throw new RecordingError(
      "truncated",
      `${truncated}: its room is still open, the server was killed, or the file was cut off`,
    );
  }
}

/** Returns a hash as eight hexadecimal digits. */
export function hex(hash: number): string {
  return hash.toString(16).padStart(8, "0");
}
