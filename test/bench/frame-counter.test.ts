import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { FrameCounter } from "../../bench/harness/load/frame-counter.ts";
import { BINARY, maskedFrame, PING, PONG, TEXT } from "../../bench/harness/load/masked-frame.ts";

/** Returns the bytes of a WebSocket frame as a server sends it: without a mask. */
function frame(opcode: number, payload: Uint8Array, isLast = true): Buffer {
  const first = (isLast ? 0x80 : 0) | opcode;
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.of(first, length), payload]);
  const header = Buffer.alloc(length < 65536 ? 4 : 10);
  header[0] = first;
  if (length < 65536) {
    header[1] = 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, payload]);
}

/** Feeds chunks of a stream to a frame counter. Returns the events that the counter reports, each as a line of text. */
function eventsOf(chunks: Uint8Array[]): string[] {
  const events: string[] = [];
  const counter = new FrameCounter({
    message: (first) => events.push(`message ${first}`),
    control: (opcode, payload) => events.push(`control ${opcode} ${Buffer.from(payload).toString("hex")}`),
  });
  for (const chunk of chunks) counter.push(chunk);
  return events;
}

const payloads = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 20 }) },
  { weight: 3, arbitrary: fc.integer({ min: 120, max: 300 }).map((length) => new Uint8Array(length).fill(0x81)) },
  { weight: 1, arbitrary: fc.constantFrom(65535, 65536, 70_000).map((length) => new Uint8Array(length).fill(0xff)) },
);
const frames = fc.record({ opcode: fc.constantFrom(TEXT, BINARY, PING, PONG), payload: payloads }).map((one) => {
  const isControl = one.opcode >= 8;
  const payload = isControl ? one.payload.slice(0, 125) : one.payload;
  return {
    bytes: frame(one.opcode, payload),
    event: isControl
      ? `control ${one.opcode} ${Buffer.from(payload).toString("hex")}`
      : `message ${payload.length > 0 ? payload[0] : -1}`,
  };
});

describe("the frame counter of the benchmark", () => {
  test("reports each frame once and in order, wherever the stream is split into chunks", () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 30 }), (sent, cuts) => {
        const stream = Buffer.concat(sent.map(({ bytes }) => bytes));
        const offsets = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
        const chunks = [0, ...offsets].map((start, index) => stream.subarray(start, offsets[index] ?? stream.length));
        expect(eventsOf(chunks)).toEqual(sent.map(({ event }) => event));
      }),
    );
  });

  test("reports each frame once if the stream arrives byte by byte", () => {
    const stream = Buffer.concat([
      frame(BINARY, Buffer.alloc(200, 7)),
      frame(PING, Buffer.from("hi")),
      frame(TEXT, Buffer.of()),
    ]);
    expect(eventsOf([...stream].map((byte) => Uint8Array.of(byte)))).toEqual([
      "message 7",
      "control 9 6869",
      "message -1",
    ]);
  });

  test("reads only the bytes between the two offsets that are passed to push()", () => {
    const buffer = Buffer.concat([Buffer.from("before"), frame(BINARY, Buffer.of(5)), Buffer.from("after")]);
    const firsts: number[] = [];
    new FrameCounter({ message: (first) => firsts.push(first), control: () => {} }).push(buffer, 6, 9);
    expect(firsts).toEqual([5]);
  });

  test("reports a message once if it is fragmented into three frames", () => {
    const parts = [
      frame(BINARY, Buffer.of(1, 2), false),
      frame(0, Buffer.of(3), false),
      frame(PING, Buffer.of()),
      frame(0, Buffer.of(4)),
    ];
    expect(eventsOf(parts)).toEqual(["message 1", "control 9 "]);
  });

  test("throws on a masked frame, because servers must not mask frames", () => {
    expect(() => eventsOf([maskedFrame(BINARY, Uint8Array.of(1))])).toThrow("must not mask");
  });
});

describe("maskedFrame", () => {
  test("masks the payload with a key that has no zero byte", () => {
    const made = maskedFrame(TEXT, "좌");
    expect([made[0], made[1]]).toEqual([0x81, 0x83]);
    const key = made.subarray(2, 6);
    expect(key.every((byte) => byte !== 0)).toBe(true);
    expect(Buffer.from(made.subarray(6).map((byte, index) => byte ^ key[index % 4]!)).toString()).toBe("좌");
  });

  test("encodes the length of a payload of up to 65,535 bytes, and throws if the payload is longer", () => {
    expect(maskedFrame(BINARY, new Uint8Array(125))).toHaveLength(2 + 4 + 125);
    const made = maskedFrame(BINARY, new Uint8Array(0x1234));
    expect(made).toHaveLength(4 + 4 + 0x1234);
    expect([...made.subarray(1, 4)]).toEqual([0x80 | 126, 0x12, 0x34]);
    expect(() => maskedFrame(BINARY, new Uint8Array(65_536))).toThrow("65536 bytes; expected at most 65535");
  });
});
