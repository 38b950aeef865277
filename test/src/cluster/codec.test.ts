// The format of the messages between the processes of a cluster.
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { CodecError } from "../../../src/cluster/bytes.ts";
import { decodeMessage, encodeMessage, senderOf, WIRE_VERSION } from "../../../src/cluster/codec.ts";
import type { Message } from "../../../src/cluster/core/ports.ts";
import { runs } from "../../support/long.ts";

const number = fc.oneof(fc.maxSafeNat(), fc.nat(300));
const text = fc.string({ unit: "grapheme", maxLength: 40 });
const bytes = fc.uint8Array({ maxLength: 300 });
const place = fc.record({ epoch: number, number });
const content = fc
  .dictionary(text, fc.jsonValue())
  .chain((fields) => text.map((type) => ({ ...fields, type })))
  // Changes each -0 to 0, as the codec's JSON.stringify does.
  .map((value) => JSON.parse(JSON.stringify(value)));
const sessions = fc.array(
  fc.record({
    session: text,
    process: fc.option(text, { nil: undefined }),
    connection: text,
    handle: number,
    received: number,
  }),
);
const upFrames = fc.array(fc.record({ handle: number, number, frame: bytes }));
const downFrames = fc.array(fc.record({ session: text, connection: text, frame: bytes }));
const closes = fc.array(
  fc.record(
    { session: text, connection: text, code: number, reason: text },
    { requiredKeys: ["session", "connection", "code"] },
  ),
);
/** The lists of a down message. The lists, type, places and process are required; all other fields are optional. */
const LISTS = ["sessions", "ended", "progress", "frames", "closes", "answers", "heard", "alive"] as const;
const answers = fc.array(fc.record({ process: text, request: text, content }));
const claim = { process: text, epoch: number, at: place };

const messages: fc.Arbitrary<Message> = fc.oneof(
  fc.record(
    {
      type: fc.constant("down" as const),
      place,
      from: place,
      process: text,
      changes: bytes,
      sessions,
      ended: fc.array(text),
      progress: fc.array(fc.record({ handle: number, received: number })),
      frames: downFrames,
      closes,
      answers,
      heard: fc.array(fc.record({ process: text, batch: number })),
      alive: fc.array(text),
      successor: text,
    },
    { noNullPrototype: true, requiredKeys: ["type", "place", "from", "process", ...LISTS] },
  ),
  fc.record({
    type: fc.constant("up" as const),
    process: text,
    batch: number,
    at: place,
    frames: upFrames,
    closes,
    requests: fc.array(fc.record({ request: text, content })),
    isLeaving: fc.boolean(),
  }),
  fc.record({ type: fc.constant("ask" as const), process: text, at: place }),
  fc.record({
    type: fc.constant("snapshot" as const),
    to: text,
    place,
    rooms: bytes,
    sessions,
    alive: fc.array(text),
    missed: fc.array(
      fc.record({ from: place, place, sessions, ended: fc.array(text), frames: downFrames, closes, answers }),
      {
        maxLength: 3,
      },
    ),
  }),
  fc.record({ type: fc.constant("claim" as const), ...claim }),
  fc.record({ type: fc.constant("place" as const), ...claim }),
  fc.record({ type: fc.constant("prepare" as const), process: text, epoch: number }),
  fc.record({ type: fc.constant("prepared" as const), process: text, epoch: number }),
);

/** Decodes bytes. Returns undefined if the codec refuses them with a CodecError, and throws any other error. */
function decodeOrRefuse(given: Uint8Array): Message | undefined {
  try {
    return decodeMessage(given);
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

describe("the codec:", () => {
  test("a decoded message equals the message that was encoded", () => {
    fc.assert(
      fc.property(messages, (message) => {
        const encoded = encodeMessage(message);
        expect(decodeMessage(encoded)).toEqual(message);
        expect(senderOf(encoded)).toBe(message.type === "snapshot" ? undefined : message.process);
      }),
      { numRuns: runs(2000) },
    );
  });

  test("a cut or extended message is refused with a CodecError, and a changed one is decoded or refused", () => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.nat(255), bytes, (message, at, byte, more) => {
        const encoded = encodeMessage(message);
        expect(decodeOrRefuse(encoded.subarray(0, at % encoded.length))).toBeUndefined();
        if (more.length > 0) expect(decodeOrRefuse(Buffer.concat([encoded, more]))).toBeUndefined();
        const changed = Buffer.from(encoded);
        changed[at % encoded.length] = byte;
        const decoded = decodeOrRefuse(changed);
        if (decoded) encodeMessage(decoded);
      }),
      { numRuns: runs(2000) },
    );
  });

  test("random bytes are either decoded or refused with a CodecError", () => {
    fc.assert(
      fc.property(fc.nat(6), bytes, (type, rest) => {
        const decoded = decodeOrRefuse(Buffer.from([WIRE_VERSION, type, ...rest]));
        if (decoded) expect(decodeMessage(encodeMessage(decoded))).toEqual(decoded);
      }),
      { numRuns: runs(20_000) },
    );
  });

  test("a message of another version is refused, and the error names both versions", () => {
    const encoded = encodeMessage({ type: "ask", process: "a", at: { epoch: 1, number: 2 } });
    encoded[0] = WIRE_VERSION + 1;
    expect(() => decodeMessage(encoded)).toThrow(`version ${WIRE_VERSION + 1}, expected ${WIRE_VERSION}`);
  });

  test("a few bytes that announce a list of millions of items are refused", () => {
    const huge = Buffer.from([WIRE_VERSION, 1, 1, 65, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f]);
    expect(() => decodeMessage(huge)).toThrow("it ends too early");
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 53])("the number %d cannot be encoded", (epoch) => {
    expect(() => encodeMessage({ type: "ask", process: "a", at: { epoch, number: 1 } })).toThrow(RangeError);
  });
});
