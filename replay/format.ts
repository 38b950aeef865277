// The file of a recording: a first line, then frames, each with checksums that tell where a byte has changed.
// docs/replay.md has it byte by byte.
import type { Input } from "../sim/apply-input.ts";
import { hashOfMap } from "../sim/hash.ts";
import type { WorldMap } from "../sim/map.ts";
import { HALF_BODY, QUEUE_LIMIT, STEP, TICK_HZ, TILE } from "../sim/rules.ts";
import type { PlayerInWorld } from "../sim/world.ts";
import { ByteWriter, crc32 } from "./bytes.ts";
import { VERSION } from "./version.ts";

/** The version of the format, which its first line has. It rises with every change of it. */
const FORMAT = 2;

const FIRST_LINE = `sabang-replay ${FORMAT}\n`;

/** What a frame holds: its first byte. */
export const KIND = {
  /** JSON: a Header. The first frame. */
  header: 1,
  /** JSON: a Snapshot, from which the world can be played on. */
  snapshot: 2,
  /** What the world was given in a second's ticks, and how it stood after them. */
  second: 3,
  /** Nothing: the recording ends here, and was not cut off. */
  end: 4,
} as const;

/** What happens in a `second`: the low four bits of a number whose other bits are, for most, a player's slot. */
export const OP = {
  /** The world ticks, with the inputs since the tick before. */
  tick: 0,
  /** 1 to 4: a move was queued that has this direction and no other field. */
  move: 0,
  /** 5 to 9: a predicted input was taken that has the direction 0 to 4, and its other fields as in the header's blank one. */
  input: 5,
  /** Any other predicted input. It follows as text: JSON. */
  otherInput: 10,
  /** A call of the world follows as text: JSON, name and arguments. */
  call: 11,
  /** How the world stands follows: see Recorder. The last of a second. */
  check: 12,
  /** Any other move that was queued. It follows as text: JSON. */
  otherMove: 13,
} as const;

/** The ways into the world that are recorded as calls. A new one is added here and in RecordedWorld. */
export const CALLS = ["join", "leave", "clearQueue"] as const;
/** The name of one of them. */
export type Call = (typeof CALLS)[number];

/** Why a recording was kept though nobody had asked for one. */
export interface Incident {
  /** Ticks that were done when it was noticed; for a step that threw, its own included. */
  tick: number;
  /** Whom it happened to: a session id. */
  player: string;
  /** What happened, as a sentence without the player's name. */
  fault: string;
}

/** The fault of a step that threw. */
export function stepFailure(error: unknown): string {
  return `took a step that threw: ${error}`;
}

/** What a recording says of itself. */
export interface Header {
  /** Of sabang. */
  version: string;
  map: string;
  /** Of what the world sees of the map: `hashOfMap`. */
  mapHash: number;
  /** The numbers of the rules. */
  rules: Record<string, number>;
  /** The seed of the world's chance. Where it has come to is in the snapshots. */
  seed: number;
  /** When the first tick of the world was, roughly: ms since 1970. */
  startedAt: number;
  /** An input that asks for nothing, with all fields that an input can have. */
  blankInput: Input;
  incident?: Incident;
}

/** A world between two ticks, from which it can be played on. */
export interface Snapshot {
  /** The state of the world's chance. */
  random: number;
  players: (PlayerInWorld & { slot: number })[];
}

/** A frame of a recording. */
export interface Frame {
  kind: number;
  /** Ticks that were done at its end. */
  tick: number;
  /** Where it begins in the file. */
  offset: number;
  payload: Uint8Array;
}

/** A recording that was read. */
export interface Recording {
  header: Header;
  /** The snapshots and seconds, in order; the first is a snapshot. */
  frames: Frame[];
  /** Ticks that were done at its beginning and at its end. */
  firstTick: number;
  lastTick: number;
  /** What is missing at its end, as a sentence; undefined for a whole one. */
  truncated?: string;
}

/** Why a recording cannot be played. Of the last two one can say that they do not matter. */
export type Hindrance = "foreign" | "format" | "damaged" | "empty" | "rules" | "map" | "version" | "truncated";

/** What is in the sentence of a RecordingError, for who tells it in another language. */
export interface Facts {
  /** The first and the last byte of what is damaged. */
  from?: number;
  to?: number;
  /** Ticks that were done before it. */
  tick?: number;
  /** The name of a number in `sim/rules.ts`. */
  rule?: string;
  /** What the recording was made with, and what there is here: a number, a version, a map. */
  made?: string | number;
  here?: string | number;
}

/** A recording that cannot be played, and why, as a sentence. */
export class RecordingError extends Error {
  readonly hindrance: Hindrance;
  readonly facts: Facts;

  constructor(hindrance: Hindrance, sentence: string, facts: Facts = {}) {
    super(sentence);
    this.hindrance = hindrance;
    this.facts = facts;
  }
}

/** The numbers that a recording and whoever plays it have to agree on. */
const RULES = { STEP, TICK_HZ, TILE, HALF_BODY, QUEUE_LIMIT };

/** The hash of each map, which takes a while for a large one, and every room needs. */
const mapHashes = new WeakMap<WorldMap, number>();

function mapHashOf(map: WorldMap): number {
  const hash = mapHashes.get(map) ?? hashOfMap(map);
  mapHashes.set(map, hash);
  return hash;
}

/** What a recording on a map begins with. */
export function headerOf(map: WorldMap, seed: number, startedAt: number, blankInput: Input): Header {
  return { version: VERSION, map: map.name, mapHash: mapHashOf(map), rules: RULES, seed, startedAt, blankInput };
}

/** The first bytes of a file. */
export function fileHeader(header: Header, tick: number): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  const line = new TextEncoder().encode(FIRST_LINE);
  const frame = jsonFrame(KIND.header, tick, header, writer);
  const bytes = new Uint8Array(line.length + frame.length);
  bytes.set(line);
  bytes.set(frame, line.length);
  return bytes;
}

/** A frame with JSON in it. */
export function jsonFrame(kind: number, tick: number, value: unknown, writer: ByteWriter): Uint8Array<ArrayBuffer> {
  writer.text(JSON.stringify(value));
  return frame(kind, tick, writer.take());
}

/** Bytes in front of a frame's payload: length with kind, tick, checksum of the payload, checksum of these twelve. */
const HEAD = 16;

/** Bytes of a payload at most: what is longer says only that the length is wrong. */
const LONGEST = 0xffffff;

/** Puts a payload into a frame. */
export function frame(kind: number, tick: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  if (payload.length > LONGEST) throw new RangeError(`a frame of ${payload.length} bytes; expected at most ${LONGEST}`);
  const bytes = new Uint8Array(HEAD + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length * 256 + kind, true);
  view.setUint32(4, tick, true);
  view.setUint32(8, crc32(payload), true);
  view.setUint32(12, crc32(bytes.subarray(0, 12)), true);
  bytes.set(payload, HEAD);
  return bytes;
}

/**
 * Reads a file, and checks every byte of it. What is missing at the end is no error here: see `truncated`.
 * @throws {RecordingError} that says where, for what is no recording, is damaged, or is of another format.
 */
export function readRecording(bytes: Uint8Array): Recording {
  const { frames, truncated } = framesIn(bytes);
  const [first, ...rest] = frames;
  const played = rest.filter(({ kind }) => kind === KIND.snapshot || kind === KIND.second);
  if (first?.kind !== KIND.header || played[0]?.kind !== KIND.snapshot) {
    throw new RecordingError(
      "empty",
      `there is nothing in it to play: ${truncated ?? "it has no snapshot to begin with"}`,
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
      throw new RecordingError("damaged", `there is more behind its end, from byte ${offset} on`, {
        from: offset,
        to: bytes.length - 1,
        tick: before.tick,
      });
    }
    if (left === 0) return { frames, truncated: `it ends without its end mark, at byte ${offset}, ${where}` };
    const cutOff = { frames, truncated: `it ends within the frame that begins at byte ${offset}, ${where}` };
    if (left < HEAD) return cutOff;
    const damaged = (from: number, to: number) =>
      new RecordingError(
        "damaged",
        `it is damaged between the bytes ${from} and ${to}, ${where}: take an undamaged copy`,
        { from, to, tick: before?.tick ?? 0 },
      );
    if (crc32(bytes.subarray(offset, offset + 12)) !== view.getUint32(offset + 12, true)) {
      throw damaged(offset, offset + HEAD - 1);
    }
    const kindAndLength = view.getUint32(offset, true);
    const end = offset + HEAD + (kindAndLength >>> 8);
    if (end > bytes.length) return cutOff;
    const payload = bytes.subarray(offset + HEAD, end);
    if (crc32(payload) !== view.getUint32(offset + 8, true)) throw damaged(offset + HEAD, end - 1);
    frames.push({ kind: kindAndLength & 255, tick: view.getUint32(offset + 4, true), offset, payload });
    offset = end;
  }
}

function afterFirstLine(bytes: Uint8Array): number {
  const line = new TextDecoder("latin1").decode(bytes.subarray(0, 40));
  const format = /^sabang-replay (\d+)\n/.exec(line)?.[1];
  if (format === undefined)
    throw new RecordingError("foreign", "it is no recording of sabang: its first line is another one");
  if (format !== String(FORMAT)) {
    throw new RecordingError(
      "format",
      `it is of format ${format}; this version reads format ${FORMAT}: use the one that made it`,
      { made: format, here: FORMAT },
    );
  }
  return FIRST_LINE.length;
}

/** The JSON of a frame. */
export function jsonIn(payload: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(payload.subarray(payload.findIndex((byte) => byte < 128) + 1)));
}

/**
 * Checks that a recording can be played here.
 * @param anyVersion takes one of another version of sabang, to see whether the rules still agree.
 * @throws {RecordingError} that says what does not fit.
 */
export function checkFit(
  { header, truncated }: Recording,
  map: WorldMap,
  accept: { anyVersion?: boolean; truncated?: boolean },
) {
  if (header.version !== VERSION && !accept.anyVersion) {
    throw new RecordingError(
      "version",
      `it was made by sabang ${header.version}, and this is ${VERSION}: play it with that one`,
      { made: header.version, here: VERSION },
    );
  }
  for (const [name, value] of Object.entries(RULES)) {
    if (header.rules[name] === value) continue;
    throw new RecordingError(
      "rules",
      `it was made with ${name} ${header.rules[name]}, and here it is ${value} (sim/rules.ts)`,
      { rule: name, made: header.rules[name], here: value },
    );
  }
  if (header.map !== map.name) {
    throw new RecordingError("map", `it was made on the map "${header.map}", and this is "${map.name}"`, {
      made: header.map,
      here: map.name,
    });
  }
  const hash = mapHashOf(map);
  if (header.mapHash !== hash) {
    throw new RecordingError(
      "map",
      `it was made on another "${map.name}" (${hex(header.mapHash)}) than this one (${hex(hash)}): ` +
        "walls or spawns were changed since; give it the map of then",
      { made: header.map, here: map.name },
    );
  }
  if (truncated && !accept.truncated) {
    throw new RecordingError(
      "truncated",
      `${truncated}: its room is still open, the server was killed, or the file cut`,
    );
  }
}

/** A hash as people read it. */
export function hex(hash: number): string {
  return hash.toString(16).padStart(8, "0");
}
