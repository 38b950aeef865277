// The payloads of hostile frames. The payloads for a room are in the framework's format or similar to it. The payloads
// for the plain protocol are texts, and most of them are not direction words.
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

/** The codes that are followed by a message type and a message. */
const MESSAGE_CODES = [ROOM_DATA, ROOM_DATA_BYTES, ROOM_REQUEST];

/** The maximum size of a message with random content, in bytes. */
const MAX_MESSAGE_BYTES = 40;

/** Lengths at, just below and just above the limits of WebSocket frames, MessagePack values and the server. */
const LENGTHS = [0, 1, 2, 3, 5, 8, 9, 10, 31, 32, 33, 125, 126, 127, 255, 256, 300, 1000, 4000, 4095, 4096, 4097, 5000];

const randomBytes = (random: Random, length: number) => Buffer.from(Array.from({ length }, () => random(256)));
const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)]!;
const short = (word: string) => [0xa0 | word.length, ...Buffer.from(word)];
const move = Buffer.of(ROOM_DATA, ...short("move"));

/**
 * The first bytes of MessagePack values: values that announce more bytes than follow, values that contain other values,
 * and invalid values.
 */
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
  // Extensions to which msgpackr gives a meaning: records, references, errors, regular expressions, sets, bundled
  // strings.
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

/** Complete values that the game does not expect. */
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

/** The bits of a payload's first byte that hold the code. The other bits are flags. */
const CODE_BITS = 0x1f;

/** Returns an input in the framework's format for transports that may lose frames. */
function unreliableInput(random: Random): Buffer {
  const slots = Array.from({ length: 1 + random(4) }, () => (random(3) ? [2, 0x80, random(5)] : [0]));
  return Buffer.of(INPUT_UNRELIABLE | (random(4) << 5), random(0x80), ...slots.flat());
}

/** Returns a valid unreliable input if a payload has the code of an unreliable input; otherwise the payload itself. */
function withValidUnreliableInput(payload: Buffer, random: Random): Buffer {
  return (payload[0]! & CODE_BITS) === INPUT_UNRELIABLE ? unreliableInput(random) : payload;
}

/** Payloads after which the server may close the connection. Each must be the last payload of a session. */
export const LAST_PAYLOADS: readonly string[] = [
  "random first byte",
  "empty frame",
  "value that claims too many bytes",
  "nested claims",
  "value nested 300 times",
  "truncated message type",
  "input",
  "input that switches structures",
  "unreliable input",
  "leave",
  "corrupted move",
  "code of the server",
];

/**
 * Returns payload number `count` of a sweep, which tries each byte value with each length. All bytes of the payload are
 * `count & 255`; the higher bits of `count` select the payload's length.
 */
export function sweepPayload(count: number): Buffer {
  return withValidUnreliableInput(Buffer.alloc(SWEPT[(count >> 8) % SWEPT.length]!, count & 255), seededRandom(count));
}

/** The lengths of the payloads of a sweep, in bytes. */
const SWEPT = [1, 2, 3, 4, 5, 8, 9, 10, 33, 126, 127, 256, 300, 4095, 4096, 4097];

/** Builds a random payload. */
type Maker = (random: Random) => Buffer;

const MAKERS: Readonly<Record<string, Maker>> = {
  "random first byte": (random) => {
    const length = Math.max(1, pick(random, LENGTHS));
    const payload = random(2) ? Buffer.alloc(length, random(256)) : randomBytes(random, length);
    payload[0] = random(256);
    return MESSAGE_CODES.includes(payload[0] & CODE_BITS) ? payload.subarray(0, MAX_MESSAGE_BYTES) : payload;
  },
  "empty frame": () => Buffer.alloc(0),
  "value that claims too many bytes": (random) =>
    Buffer.concat([move, Buffer.from(pick(random, CLAIMS)), randomBytes(random, random(30))]),
  "nested claims": (random) => {
    const claim = pick(random, CLAIMS);
    return Buffer.concat([move, nested(claim, Math.floor((200 + random(3800)) / claim.length))]);
  },
  "unexpected value": (random) => Buffer.concat([move, Buffer.from(pick(random, VALUES))]),
  "value nested 300 times": (random) =>
    Buffer.concat([
      move,
      nested(pick(random, [[0x91], [0x81, 0xa1, 0x61], [0x81, ...short("__proto__")], [0x81, 0x91]]), 300 + random(30)),
      randomBytes(random, 3),
    ]),
  "unknown message type": (random) => {
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
      randomBytes(random, random(40)),
    ]);
  },
  "truncated message type": (random) =>
    Buffer.of(ROOM_DATA, pick(random, [0xbf, 0xd9, 0xda, 0xdb, 0xcb, 0xca, 0xd3]), ...randomBytes(random, random(4))),
  request: (random) =>
    Buffer.concat([
      Buffer.of(pick(random, [ROOM_REQUEST, ROOM_RESPONSE])),
      randomBytes(random, random(6)),
      Buffer.from(short(pick(random, ["move", "x", "__proto__"]))),
      Buffer.from(pick(random, [...CLAIMS, ...VALUES])),
    ]),
  input: (random) =>
    Buffer.concat([
      Buffer.of(INPUT_RELIABLE | (random(8) << 5)),
      randomBytes(random, pick(random, [0, 1, 2, 3, 4, 8, 40, 300, 4000])),
    ]),
  "input that switches structures": (random) =>
    Buffer.of(
      INPUT_RELIABLE,
      ...Array.from({ length: 1 + random(30) }, () =>
        pick(random, [0xff, 0x80, 0x00, 0x01, 0xd5, 0x7f, 0xd0, 0xfe, 0xcb, random(256)]),
      ),
    ),
  "unreliable input": unreliableInput,
  "repeated join": () => Buffer.of(JOIN_ROOM),
  "join with extra bytes": (random) => Buffer.concat([Buffer.of(JOIN_ROOM), randomBytes(random, random(200))]),
  leave: () => Buffer.of(LEAVE_ROOM),
  ping: (random) => Buffer.concat([Buffer.of(PING), randomBytes(random, random(10))]),
  "valid move": (random) => Buffer.concat([move, Buffer.from(short(pick(random, ["left", "right", "up", "down"])))]),
  "corrupted move": (random) => {
    const payload = Buffer.concat([move, Buffer.from(short(pick(random, ["left", "right", "up", "down"])))]);
    for (let flips = 1 + random(4); flips > 0; flips--) payload[random(payload.length)]! ^= 1 << random(8);
    return payload.subarray(0, 1 + random(payload.length));
  },
  "code of the server": (random) =>
    Buffer.concat([Buffer.of(pick(random, CODES) | (random(8) << 5)), randomBytes(random, random(60))]),
};

/** The makers of random payloads for a room, by kind of payload. */
export const ROOM_PAYLOADS: Readonly<Record<string, Maker>> = Object.fromEntries(
  Object.entries(MAKERS).map(([kind, make]): [string, Maker] => [
    kind,
    (random) => withValidUnreliableInput(make(random), random),
  ]),
);

const WORDS = ["left", "right", "up", "down", "좌", "우", "상", "하"];

/** The makers of payloads for the plain protocol, by kind of payload. */
export const PLAIN_PAYLOADS: Readonly<Record<string, Maker>> = {
  "direction word": (random) => Buffer.from(pick(random, WORDS)),
  "similar to a direction word": (random) =>
    Buffer.from(pick(random, ["LEFT", " left", "left\n", "\ufeff좌", "왼쪽", "l", "leftt", "좌우", "left\0"])),
  "name of an object property": (random) =>
    Buffer.from(pick(random, ["__proto__", "constructor", "toString", "hasOwnProperty"])),
  "empty text": () => Buffer.alloc(0),
  JSON: (random) =>
    Buffer.from(pick(random, ['{"type":"move"}', '["left"]', "null", `${"[".repeat(1000)}`, '{"__proto__":{"x":1}}'])),
  message: (random) => {
    const type = pick(random, ["say", "wave", "move", "invite", "uninvite", "portal", "sing", "__proto__"]);
    const depth = 1 + random(2000);
    const texts = [
      '"hi"',
      '"<b>"',
      '"\\u202e"',
      '"\\ud800"',
      '""',
      "null",
      "7",
      "{}",
      "[".repeat(depth) + "]".repeat(depth),
    ];
    return Buffer.from(`{"type":"${type}","text":${pick(random, texts)}}`);
  },
  "long word": (random) => Buffer.alloc(pick(random, LENGTHS), 0x6c),
  "characters outside the BMP": (random) => Buffer.from("😀".repeat(1 + random(900))),
  "payload for a room": (random) => ROOM_PAYLOADS[pick(random, Object.keys(ROOM_PAYLOADS))]!(random),
};
