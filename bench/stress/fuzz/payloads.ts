// What is inside the frames: for a room, bytes in the framework's own format and whatever resembles it; for the plain
// protocol, words that are none.
import { type Random, seededRandom } from "../../../sim/random.ts";

const JOIN_ROOM = 10;
const LEAVE_ROOM = 12;
const ROOM_DATA = 13;
const ROOM_DATA_BYTES = 17;
const PING = 18;
const INPUT_RELIABLE = 19;
const INPUT_UNRELIABLE = 20;
const ROOM_REQUEST = 21;
const ROOM_RESPONSE = 22;
const CODES = [
  JOIN_ROOM,
  11,
  LEAVE_ROOM,
  ROOM_DATA,
  14,
  15,
  ROOM_DATA_BYTES,
  PING,
  INPUT_RELIABLE,
  ROOM_REQUEST,
  ROOM_RESPONSE,
];

/** Codes after which a message and its type follow. */
const MESSAGE_CODES = [ROOM_DATA, ROOM_DATA_BYTES, ROOM_REQUEST];

/** Bytes of a message of random content, at most. */
const MESSAGE_BYTES = 40;

/** Lengths around every border of the formats. */
const LENGTHS = [0, 1, 2, 3, 5, 8, 9, 10, 31, 32, 33, 125, 126, 127, 255, 256, 300, 1000, 4000, 4095, 4096, 4097, 5000];

const bytesAtRandom = (random: Random, length: number) => Buffer.from(Array.from({ length }, () => random(256)));
const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)]!;
const short = (word: string) => [0xa0 | word.length, ...Buffer.from(word)];
const move = Buffer.of(ROOM_DATA, ...short("move"));

/** Beginnings of values in MessagePack that claim more than there is, nest, or are no values. */
const CLAIMS: readonly number[][] = [
  [0xc1],
  [0xd9, 0xff],
  [0xda, 0xff, 0xff],
  [0xdb, 0xff, 0xff, 0xff, 0xff],
  [0xc4, 0xff],
  [0xc6, 0xff, 0xff, 0xff, 0xff],
  [0xc6, 0x7f, 0xff, 0xff, 0xff],
  [0xdc, 0xff, 0xff],
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xdd, 0x01, 0xff, 0xff, 0xff],
  [0xdd, 0x00, 0x00, 0x0f, 0xff],
  [0xde, 0xff, 0xff],
  [0xdf, 0xff, 0xff, 0xff, 0xff],
  [0xdf, 0x00, 0xff, 0xff, 0xff],
  [0xc7, 0xff, 0x00],
  [0xc9, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xd6, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xd7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xc7, 0x0c, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  // Extensions that msgpackr gives a meaning: records, references, errors, regular expressions, sets, its bundled strings.
  [0xd4, 0x72, 0x40],
  [0xd5, 0x72, 0x40, 0x40],
  [0xd4, 0x69, 0x01],
  [0xd6, 0x69, 0, 0, 0, 1],
  [0xd6, 0x70, 0, 0, 0, 1],
  [0xd4, 0x65, 0x93],
  [0xd4, 0x78, 0x92],
  [0xd4, 0x73, 0x90],
  [0xd4, 0x74, 0x00],
  [0xd6, 0x62, 0xff, 0xff, 0xff, 0xff],
  [0xc8, 0xff, 0xff, 0x62],
  [0xd4, 0x42, 0xff],
  [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
  [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
];

/** Values that are whole, and still nothing that a game expects. */
const VALUES: readonly number[][] = [
  [0x81, ...short("__proto__"), 0x81, ...short("x"), 0x01],
  [0x81, ...short("constructor"), 0x81, ...short("prototype"), 0x80],
  [0x82, ...short("toString"), 0xc0, ...short("valueOf"), 0xc0],
  [0x91, ...short("left")],
  short("left\0"),
  short("__proto__"),
  short("좌우"),
  [0xc0],
  [0xc3],
  [0x01],
  [0xca, 0x7f, 0xc0, 0, 0],
];

const nested = (opening: number[], depth: number) => Buffer.from(Array.from({ length: depth }, () => opening).flat());

/** The bits of the first byte that are the code; the others modify it. */
const CODE_BITS = 0x1f;

/** An input as the framework sends it over transports that may lose frames. */
function unreliableInput(random: Random): Buffer {
  const slots = Array.from({ length: 1 + random(4) }, () => (random(3) ? [2, 0x80, random(5)] : [0]));
  return Buffer.of(INPUT_UNRELIABLE | (random(4) << 5), random(0x80), ...slots.flat());
}

/** Returns the payload, or an input of ours if its first byte has the code of an unreliable one. */
function keptApart(payload: Buffer, random: Random): Buffer {
  return (payload[0]! & CODE_BITS) === INPUT_UNRELIABLE ? unreliableInput(random) : payload;
}

/** Payloads for which the server closes the connection: whatever came after them would reach nobody. */
export const LAST_PAYLOADS: readonly string[] = [
  "any first byte",
  "an empty frame",
  "a value that claims too much",
  "claims within claims",
  "nested three hundred times",
  "a type without an end",
  "an input",
  "an input that switches structures",
  "an unreliable input",
  "a leave",
  "a good move, spoiled",
  "a code of the server",
];

/** One of every first byte with every length, counted through. */
export function sweepPayload(count: number): Buffer {
  return keptApart(Buffer.alloc(SWEPT[(count >> 8) % SWEPT.length]!, count & 255), seededRandom(count));
}

/** Lengths of the sweep. */
const SWEPT = [1, 2, 3, 4, 5, 8, 9, 10, 33, 126, 127, 256, 300, 4095, 4096, 4097];

/** How a payload for a room comes about. */
type Maker = (random: Random) => Buffer;

const MAKERS: Readonly<Record<string, Maker>> = {
  "any first byte": (random) => {
    const length = Math.max(1, pick(random, LENGTHS));
    const payload = random(2) ? Buffer.alloc(length, random(256)) : bytesAtRandom(random, length);
    payload[0] = random(256);
    return MESSAGE_CODES.includes(payload[0] & CODE_BITS) ? payload.subarray(0, MESSAGE_BYTES) : payload;
  },
  "an empty frame": () => Buffer.alloc(0),
  "a value that claims too much": (random) =>
    Buffer.concat([move, Buffer.from(pick(random, CLAIMS)), bytesAtRandom(random, random(30))]),
  "claims within claims": (random) => {
    const claim = pick(random, CLAIMS);
    return Buffer.concat([move, nested(claim, Math.floor((200 + random(3800)) / claim.length))]);
  },
  "a value nobody expects": (random) => Buffer.concat([move, Buffer.from(pick(random, VALUES))]),
  "nested three hundred times": (random) =>
    Buffer.concat([
      move,
      nested(pick(random, [[0x91], [0x81, 0xa1, 0x61], [0x81, ...short("__proto__")], [0x81, 0x91]]), 300 + random(30)),
      bytesAtRandom(random, 3),
    ]),
  "a message of another type": (random) => {
    const type = pick(random, [
      short("__proto__"),
      short("constructor"),
      short("*"),
      short("_"),
      short(""),
      [0xd9, 0xff],
      [0xcb, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f],
      [0xff],
      [0x05],
      [0xc0],
      short("__playground_message_types"),
    ]);
    return Buffer.concat([
      Buffer.of(pick(random, [ROOM_DATA, ROOM_DATA_BYTES]), ...type),
      bytesAtRandom(random, random(40)),
    ]);
  },
  "a type without an end": (random) =>
    Buffer.of(ROOM_DATA, pick(random, [0xbf, 0xd9, 0xda, 0xdb, 0xcb, 0xca, 0xd3]), ...bytesAtRandom(random, random(4))),
  "a request": (random) =>
    Buffer.concat([
      Buffer.of(pick(random, [ROOM_REQUEST, ROOM_RESPONSE])),
      bytesAtRandom(random, random(6)),
      Buffer.from(short(pick(random, ["move", "x", "__proto__"]))),
      Buffer.from(pick(random, [...CLAIMS, ...VALUES])),
    ]),
  "an input": (random) =>
    Buffer.concat([
      Buffer.of(INPUT_RELIABLE | (random(8) << 5)),
      bytesAtRandom(random, pick(random, [0, 1, 2, 3, 4, 8, 40, 300, 4000])),
    ]),
  "an input that switches structures": (random) =>
    Buffer.of(
      INPUT_RELIABLE,
      ...Array.from({ length: 1 + random(30) }, () =>
        pick(random, [0xff, 0x80, 0x00, 0x01, 0xd5, 0x7f, 0xd0, 0xfe, 0xcb, random(256)]),
      ),
    ),
  "an unreliable input": unreliableInput,
  "a join, again": () => Buffer.of(JOIN_ROOM),
  "a join with more to it": (random) => Buffer.concat([Buffer.of(JOIN_ROOM), bytesAtRandom(random, random(200))]),
  "a leave": () => Buffer.of(LEAVE_ROOM),
  "a ping": (random) => Buffer.concat([Buffer.of(PING), bytesAtRandom(random, random(10))]),
  "a good move": (random) => Buffer.concat([move, Buffer.from(short(pick(random, ["left", "right", "up", "down"])))]),
  "a good move, spoiled": (random) => {
    const payload = Buffer.concat([move, Buffer.from(short(pick(random, ["left", "right", "up", "down"])))]);
    for (let flips = 1 + random(4); flips > 0; flips--) payload[random(payload.length)]! ^= 1 << random(8);
    return payload.subarray(0, 1 + random(payload.length));
  },
  "a code of the server": (random) =>
    Buffer.concat([Buffer.of(pick(random, CODES) | (random(8) << 5)), bytesAtRandom(random, random(60))]),
};

/** By name. */
export const ROOM_PAYLOADS: Readonly<Record<string, Maker>> = Object.fromEntries(
  Object.entries(MAKERS).map(([kind, make]): [string, Maker] => [kind, (random) => keptApart(make(random), random)]),
);

const WORDS = ["left", "right", "up", "down", "좌", "우", "상", "하"];

export const PLAIN_PAYLOADS: Readonly<Record<string, Maker>> = {
  "a word": (random) => Buffer.from(pick(random, WORDS)),
  "nearly a word": (random) =>
    Buffer.from(pick(random, ["LEFT", " left", "left\n", "\ufeff좌", "왼쪽", "l", "leftt", "좌우", "left\0"])),
  "a name of an object": (random) =>
    Buffer.from(pick(random, ["__proto__", "constructor", "toString", "hasOwnProperty"])),
  "no word": () => Buffer.alloc(0),
  JSON: (random) =>
    Buffer.from(pick(random, ['{"type":"move"}', '["left"]', "null", `${"[".repeat(1000)}`, '{"__proto__":{"x":1}}'])),
  "a long word": (random) => Buffer.alloc(pick(random, LENGTHS), 0x6c),
  "characters beyond the first plane": (random) => Buffer.from("😀".repeat(1 + random(900))),
  "bytes for a room": (random) => ROOM_PAYLOADS[pick(random, Object.keys(ROOM_PAYLOADS))]!(random),
};
