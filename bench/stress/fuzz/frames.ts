// Builds valid and invalid WebSocket frames. A library would refuse to send most of the invalid ones.

import type { Random } from "../../../sim/random.ts";
import { BINARY, CLOSE, PING, PONG, TEXT } from "../../harness/load/masked-frame.ts";

const CONTINUATION = 0;
const KEY = [0x37, 0xfa, 0x21, 0x3d];

/** The properties that may make a frame invalid. Their defaults describe a valid frame. */
interface Shape {
  fin?: boolean;
  /** The three reserved bits as a number from 0 to 7. */
  reserved?: number;
  masked?: boolean;
  /** The length in the header, if it differs from the payload's length. */
  claims?: number | bigint;
  /** The size of the length field in bytes; by default as small as possible. */
  lengthBytes?: 1 | 2 | 8;
}

/** Returns a valid frame of a client, except for the differences in `shape`. */
export function frame(opcode: number, payload: Uint8Array | string, shape: Shape = {}): Buffer {
  const { fin = true, reserved = 0, masked = true } = shape;
  const bytes = Buffer.from(payload as Uint8Array);
  const claimed = shape.claims ?? bytes.length;
  const lengthBytes = shape.lengthBytes ?? (claimed < 126 ? 1 : claimed < 65536 ? 2 : 8);
  const head = Buffer.alloc(lengthBytes === 1 ? 2 : lengthBytes === 2 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (lengthBytes === 1 ? Number(claimed) : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(Number(claimed) & 0xffff, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(claimed), 2);
  if (!masked) return Buffer.concat([head, bytes]);
  const maskedBytes = bytes.map((byte, index) => byte ^ KEY[index % KEY.length]!);
  return Buffer.concat([head, Buffer.from(KEY), maskedBytes]);
}

export const binary = (payload: Uint8Array | string) => frame(BINARY, payload);
const text = (payload: Uint8Array | string) => frame(TEXT, payload);

/** Returns bytes that violate the WebSocket protocol, or that are valid but unusual. */
type Offence = (random: Random, payload: Buffer) => Buffer | Buffer[];

const manyOf = (count: number, one: (index: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => one(i)));

/**
 * The names of the offences whose bytes end within a frame. These bytes must be the last ones of a connection, because
 * further bytes would become part of that frame.
 */
export const LAST_OFFENCES: readonly string[] = ["truncated header", "truncated payload", "random bytes"];

/**
 * The offences by name. Each is a function that builds the bytes. It may return several buffers, which must be written
 * one by one.
 */
export const OFFENCES: Readonly<Record<string, Offence>> = {
  unmasked: (_, payload) => frame(BINARY, payload, { masked: false }),
  "reserved bits": (random, payload) => frame(BINARY, payload, { reserved: 1 + random(7) }),
  "reserved opcode": (random, payload) =>
    frame([3, 4, 5, 6, 7, 11, 12, 13, 14, 15][random(10)]!, payload.subarray(0, 100)),
  "long control frame": (random) => frame([CLOSE, PING, PONG][random(3)]!, Buffer.alloc(126 + random(500))),
  "fragmented control frame": (random) => frame([CLOSE, PING, PONG][random(3)]!, "part", { fin: false }),
  "continuation without a message": (_, payload) => frame(CONTINUATION, payload),
  "new message within a fragmented message": (_, payload) =>
    Buffer.concat([frame(BINARY, payload, { fin: false }), frame(BINARY, payload)]),
  "fragmented message": (random, payload) => {
    const parts = [0, ...Array.from({ length: random(6) }, () => random(payload.length + 1)), payload.length].sort(
      (a, b) => a - b,
    );
    return parts.slice(1).map((end, index) =>
      frame(index === 0 ? BINARY : CONTINUATION, payload.subarray(parts[index]!, end), {
        fin: index === parts.length - 2,
      }),
    );
  },
  "ping within a fragmented message": (_, payload) =>
    Buffer.concat([frame(BINARY, payload, { fin: false }), frame(PING, "in between"), frame(CONTINUATION, "")]),
  "hundreds of empty fragments": () =>
    Buffer.concat([frame(BINARY, "", { fin: false }), manyOf(300, () => frame(CONTINUATION, "", { fin: false }))]),
  "fragments without a last one": (random) =>
    Buffer.concat([
      frame(BINARY, "", { fin: false }),
      manyOf(40, () => frame(CONTINUATION, Buffer.alloc(200, random(256)), { fin: false })),
    ]),
  "length above the limit": (random) => frame(BINARY, "x", { claims: 4097 + random(1 << 20), lengthBytes: 8 }),
  "length of 2 to the 64, minus 1": () => frame(BINARY, "x", { claims: 0xffffffffffffffffn, lengthBytes: 8 }),
  "length of 2 to the 53": () => frame(BINARY, "x", { claims: 2n ** 53n, lengthBytes: 8 }),
  "length in too many bytes": (random, payload) =>
    frame(BINARY, payload.subarray(0, 50), { lengthBytes: random(2) ? 2 : 8 }),
  "truncated payload": (random) => frame(BINARY, "x", { claims: 2 + random(120) }),
  "payload of a megabyte": (random) => frame(BINARY, Buffer.alloc(1 << 20, random(256))),
  "invalid UTF-8": (random) =>
    text(
      [
        Buffer.of(0xc3, 0x28),
        Buffer.of(0xff),
        Buffer.of(0xed, 0xa0, 0x80),
        Buffer.of(0xf8, 0x88, 0x80, 0x80, 0x80),
        Buffer.of(0xc0, 0xae),
      ][random(5)]!,
    ),
  "truncated UTF-8": () => frame(TEXT, Buffer.of(0xec), { fin: false }),
  "truncated header": (random) => Buffer.of(0x82, 0xfe, 0x01).subarray(0, 1 + random(3)),
  "byte by byte": (_, payload) => [...binary(payload.subarray(0, 24))].map((byte) => Buffer.of(byte)),
  "hundreds of pings": (random) => manyOf(200, () => frame(PING, Buffer.alloc(random(126)))),
  "unsolicited pongs": () => manyOf(50, (index) => frame(PONG, String(index))),
  "invalid close code": (random) => {
    const code = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535][random(11)]!;
    return frame(CLOSE, Buffer.of(code >> 8, code & 255));
  },
  "close frame of one byte": () => frame(CLOSE, Buffer.of(3)),
  "close frame with invalid UTF-8": () => frame(CLOSE, Buffer.of(3, 0xe8, 0xc3, 0x28)),
  "valid close frame": (random) => {
    const code = [1000, 1001, 1002, 1011, 3000, 4000, 4001, 4010, 4999][random(9)]!;
    return frame(CLOSE, Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from("bye")]));
  },
  "frames after a close frame": (_, payload) =>
    Buffer.concat([frame(CLOSE, Buffer.of(3, 0xe8)), binary(payload), binary(payload)]),
  // The first byte has a reserved bit set. Otherwise the bytes could be a valid frame.
  "random bytes": (random) => Buffer.of(0x40 | random(256), ...Array.from({ length: random(400) }, () => random(256))),
  "HTTP request": () => Buffer.from("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
};
