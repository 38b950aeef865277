// WebSocket frames made by hand, right ones and wrong ones: a library would refuse to send most of what is needed here.

import type { Random } from "../../../sim/random.ts";
import { BINARY, CLOSE, PING, PONG, TEXT } from "../../harness/load/masked-frame.ts";

const CONTINUATION = 0;
const KEY = [0x37, 0xfa, 0x21, 0x3d];

/** How a frame differs from a good one. */
interface Shape {
  fin?: boolean;
  /** The three reserved bits, as a number from 0 to 7. */
  reserved?: number;
  masked?: boolean;
  /** The length that it claims, if not that of its payload. */
  claims?: number | bigint;
  /** Bytes that the length takes: 1, 2 or 8; as few as do by default. */
  lengthBytes?: 1 | 2 | 8;
}

/** A frame, masked as a client's has to be unless the shape says otherwise. */
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
  const hidden = bytes.map((byte, index) => byte ^ KEY[index % KEY.length]!);
  return Buffer.concat([head, Buffer.from(KEY), hidden]);
}

export const binary = (payload: Uint8Array | string) => frame(BINARY, payload);
const text = (payload: Uint8Array | string) => frame(TEXT, payload);

/** Something sent on an open WebSocket that breaks the rules of WebSockets themselves, or strains them. */
type Offence = (random: Random, payload: Buffer) => Buffer | Buffer[];

const manyOf = (count: number, one: (index: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => one(i)));

/** Offences that leave the beginning of a frame behind: nothing may follow, or it would become a part of that frame. */
export const LAST_OFFENCES: readonly string[] = ["half a header", "a length that is not kept", "bytes at random"];

/** By name. What comes as a list is written piece by piece. */
export const OFFENCES: Readonly<Record<string, Offence>> = {
  unmasked: (_, payload) => frame(BINARY, payload, { masked: false }),
  "reserved bits": (random, payload) => frame(BINARY, payload, { reserved: 1 + random(7) }),
  "reserved opcode": (random, payload) =>
    frame([3, 4, 5, 6, 7, 11, 12, 13, 14, 15][random(10)]!, payload.subarray(0, 100)),
  "long control frame": (random) => frame([CLOSE, PING, PONG][random(3)]!, Buffer.alloc(126 + random(500))),
  "control frame in parts": (random) => frame([CLOSE, PING, PONG][random(3)]!, "part", { fin: false }),
  "continuation of nothing": (_, payload) => frame(CONTINUATION, payload),
  "a message within a message": (_, payload) =>
    Buffer.concat([frame(BINARY, payload, { fin: false }), frame(BINARY, payload)]),
  "a message in parts": (random, payload) => {
    const parts = [0, ...Array.from({ length: random(6) }, () => random(payload.length + 1)), payload.length].sort(
      (a, b) => a - b,
    );
    return parts.slice(1).map((end, index) =>
      frame(index === 0 ? BINARY : CONTINUATION, payload.subarray(parts[index]!, end), {
        fin: index === parts.length - 2,
      }),
    );
  },
  "a ping within a message": (_, payload) =>
    Buffer.concat([frame(BINARY, payload, { fin: false }), frame(PING, "in between"), frame(CONTINUATION, "")]),
  "hundreds of empty parts": () =>
    Buffer.concat([frame(BINARY, "", { fin: false }), manyOf(300, () => frame(CONTINUATION, "", { fin: false }))]),
  "parts without an end": (random) =>
    Buffer.concat([
      frame(BINARY, "", { fin: false }),
      manyOf(40, () => frame(CONTINUATION, Buffer.alloc(200, random(256)), { fin: false })),
    ]),
  "a length beyond the limit": (random) => frame(BINARY, "x", { claims: 4097 + random(1 << 20), lengthBytes: 8 }),
  "a length beyond all numbers": () => frame(BINARY, "x", { claims: 0xffffffffffffffffn, lengthBytes: 8 }),
  "a length of 2 to the 53": () => frame(BINARY, "x", { claims: 2n ** 53n, lengthBytes: 8 }),
  "a length in too many bytes": (random, payload) =>
    frame(BINARY, payload.subarray(0, 50), { lengthBytes: random(2) ? 2 : 8 }),
  "a length that is not kept": (random) => frame(BINARY, "x", { claims: 2 + random(120) }),
  "a megabyte": (random) => frame(BINARY, Buffer.alloc(1 << 20, random(256))),
  "bad UTF-8": (random) =>
    text(
      [
        Buffer.of(0xc3, 0x28),
        Buffer.of(0xff),
        Buffer.of(0xed, 0xa0, 0x80),
        Buffer.of(0xf8, 0x88, 0x80, 0x80, 0x80),
        Buffer.of(0xc0, 0xae),
      ][random(5)]!,
    ),
  "half a character": () => frame(TEXT, Buffer.of(0xec), { fin: false }),
  "half a header": (random) => Buffer.of(0x82, 0xfe, 0x01).subarray(0, 1 + random(3)),
  "byte by byte": (_, payload) => [...binary(payload.subarray(0, 24))].map((byte) => Buffer.of(byte)),
  "hundreds of pings": (random) => manyOf(200, () => frame(PING, Buffer.alloc(random(126)))),
  "pongs nobody asked for": () => manyOf(50, (index) => frame(PONG, String(index))),
  "a close code that may not be": (random) => {
    const code = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535][random(11)]!;
    return frame(CLOSE, Buffer.of(code >> 8, code & 255));
  },
  "a close of one byte": () => frame(CLOSE, Buffer.of(3)),
  "a close with bad UTF-8": () => frame(CLOSE, Buffer.of(3, 0xe8, 0xc3, 0x28)),
  "a close that may be": (random) => {
    const code = [1000, 1001, 1002, 1011, 3000, 4000, 4001, 4010, 4999][random(9)]!;
    return frame(CLOSE, Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from("bye")]));
  },
  "words after the close": (_, payload) =>
    Buffer.concat([frame(CLOSE, Buffer.of(3, 0xe8)), binary(payload), binary(payload)]),
  // The first byte has a reserved bit, or the rest could be any frame.
  "bytes at random": (random) =>
    Buffer.of(0x40 | random(256), ...Array.from({ length: random(400) }, () => random(256))),
  "HTTP again": () => Buffer.from("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
};
