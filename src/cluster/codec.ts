// Turns the messages of the bus into bytes and back. The changes of the rooms and the frames of the clients are copied
// as they are. So converting a message of a full world takes only microseconds.
import { ByteReader, ByteWriter, CodecError } from "./bytes.ts";
import type {
  Answer,
  ClientClose,
  Content,
  DownFrame,
  Message,
  MissedMessage,
  Place,
  ProcessId,
  SessionEntry,
} from "./core/ports.ts";

/** The version of the format, in the first byte of each message. A change of the format must increase it. */
export const WIRE_VERSION = 3;

type Type = Message["type"];
type MessageOf<T extends Type> = Extract<Message, { type: T }>;

/** How the fields of one type of message are written and read. The type itself is not a field. */
interface Format<T extends Type> {
  write(to: ByteWriter, message: MessageOf<T>): void;
  read(from: ByteReader): Omit<MessageOf<T>, "type">;
}

/** The formats. Their order is part of the wire format. The first field is the sender, except in a snapshot. */
const FORMATS: { [T in Type]: Format<T> } = {
  down: {
    write(to, message) {
      to.text(message.process);
      writePlace(to, message.place);
      writePlace(to, message.from);
      to.optional(message.changes, (changes) => to.bytes(changes));
      writeSessions(to, message.sessions);
      writeTexts(to, message.ended);
      to.list(message.progress, ({ handle, received }) => {
        to.number(handle);
        to.number(received);
      });
      writeDownFrames(to, message.frames);
      writeCloses(to, message.closes);
      writeAnswers(to, message.answers);
      to.list(message.heard, ({ process, batch }) => {
        to.text(process);
        to.number(batch);
      });
      writeTexts(to, message.alive);
      to.optional(message.successor, (successor) => to.text(successor));
    },
    read: (from) => ({
      process: from.text(),
      place: readPlace(from),
      from: readPlace(from),
      ...given(
        "changes",
        from.optional(() => from.bytes()),
      ),
      sessions: readSessions(from),
      ended: readTexts(from),
      progress: from.list(() => ({ handle: from.number(), received: from.number() })),
      frames: readDownFrames(from),
      closes: readCloses(from),
      answers: readAnswers(from),
      heard: from.list(() => ({ process: from.text(), batch: from.number() })),
      alive: readTexts(from),
      ...given(
        "successor",
        from.optional(() => from.text()),
      ),
    }),
  },
  up: {
    write(to, message) {
      to.text(message.process);
      to.number(message.batch);
      writePlace(to, message.at);
      to.list(message.frames, ({ handle, number, frame }) => {
        to.number(handle);
        to.number(number);
        to.bytes(frame);
      });
      writeCloses(to, message.closes);
      to.list(message.requests, ({ request, content }) => {
        to.text(request);
        writeContent(to, content);
      });
      writeFlag(to, message.isLeaving);
    },
    read: (from) => ({
      process: from.text(),
      batch: from.number(),
      at: readPlace(from),
      frames: from.list(() => ({ handle: from.number(), number: from.number(), frame: from.bytes() })),
      closes: readCloses(from),
      requests: from.list(() => ({ request: from.text(), content: readContent(from) })),
      isLeaving: readFlag(from),
    }),
  },
  ask: {
    write(to, message) {
      to.text(message.process);
      writePlace(to, message.at);
    },
    read: (from) => ({ process: from.text(), at: readPlace(from) }),
  },
  snapshot: {
    write(to, message) {
      to.text(message.to);
      writePlace(to, message.place);
      to.bytes(message.rooms);
      writeSessions(to, message.sessions);
      writeTexts(to, message.alive);
      to.list(message.missed, (missed) => writeMissed(to, missed));
    },
    read: (from) => ({
      to: from.text(),
      place: readPlace(from),
      rooms: from.bytes(),
      sessions: readSessions(from),
      alive: readTexts(from),
      missed: from.list(() => readMissed(from)),
    }),
  },
  claim: { write: writeClaim, read: readClaim },
  place: { write: writeClaim, read: readClaim },
  prepare: { write: writePreparation, read: readPreparation },
  prepared: { write: writePreparation, read: readPreparation },
};

const TYPES = Object.keys(FORMATS) as Type[];

/** The estimated size in bytes of a message without changes, rooms, frames and sessions. */
const USUAL_BYTES = 512;

/** The estimated size in bytes of the ids and numbers in one frame or session. */
const USUAL_ENTRY_BYTES = 48;

/** Returns the bytes of a message. */
export function encodeMessage(message: Message): Buffer {
  const writer = new ByteWriter(USUAL_BYTES + variableBytes(message));
  writer.byte(WIRE_VERSION);
  writer.byte(TYPES.indexOf(message.type));
  formatOf(message.type).write(writer, message);
  return writer.finish();
}

/**
 * Decodes a message. Its changes, frames and rooms are views of the given bytes, not copies.
 * @throws {CodecError} if the bytes are not a message of this version.
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new ByteReader(bytes);
  const type = readType(reader);
  const fields = formatOf(type).read(reader);
  reader.end();
  return { type, ...fields } as Message;
}

/**
 * Returns the process that has sent a message, without reading the rest. Returns undefined for a snapshot, which does
 * not contain its sender.
 * @throws {CodecError} if the bytes are not a message of this version.
 */
export function senderOf(bytes: Uint8Array): ProcessId | undefined {
  const reader = new ByteReader(bytes);
  return readType(reader) === "snapshot" ? undefined : reader.text();
}

function readType(from: ByteReader): Type {
  const version = from.byte();
  if (version !== WIRE_VERSION) throw new CodecError(`version ${version}, expected ${WIRE_VERSION}`);
  const type = TYPES[from.byte()];
  if (type === undefined) throw new CodecError("an unknown type");
  return type;
}

function formatOf(type: Type): Format<Type> {
  return FORMATS[type] as Format<Type>;
}

/** Estimates the total size in bytes of those parts of a message that can be large. */
function variableBytes(message: Message): number {
  let bytes = 0;
  if ("frames" in message) for (const { frame } of message.frames) bytes += frame.length + USUAL_ENTRY_BYTES;
  if ("sessions" in message) bytes += message.sessions.length * USUAL_ENTRY_BYTES;
  if (message.type === "down") bytes += message.changes?.length ?? 0;
  if (message.type === "snapshot") bytes += message.rooms.length;
  return bytes;
}

/** Returns an object with a field, or an empty object if the field has no value. */
function given<Name extends string, T>(name: Name, value: T | undefined): { [N in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [N in Name]?: T });
}

function writePlace(to: ByteWriter, { epoch, number }: Place): void {
  to.number(epoch);
  to.number(number);
}

function readPlace(from: ByteReader): Place {
  return { epoch: from.number(), number: from.number() };
}

function writeTexts(to: ByteWriter, texts: readonly string[]): void {
  to.list(texts, (text) => to.text(text));
}

function readTexts(from: ByteReader): string[] {
  return from.list(() => from.text());
}

function writeSessions(to: ByteWriter, sessions: readonly SessionEntry[]): void {
  to.list(sessions, ({ session, process, connection, handle, received }) => {
    to.text(session);
    to.optional(process, (id) => to.text(id));
    to.text(connection);
    to.number(handle);
    to.number(received);
  });
}

function readSessions(from: ByteReader): SessionEntry[] {
  return from.list(() => ({
    session: from.text(),
    process: from.optional(() => from.text()),
    connection: from.text(),
    handle: from.number(),
    received: from.number(),
  }));
}

function writeDownFrames(to: ByteWriter, frames: readonly DownFrame[]): void {
  to.list(frames, ({ session, connection, frame }) => {
    to.text(session);
    to.text(connection);
    to.bytes(frame);
  });
}

function readDownFrames(from: ByteReader): DownFrame[] {
  return from.list(() => ({ session: from.text(), connection: from.text(), frame: from.bytes() }));
}

function writeCloses(to: ByteWriter, closes: readonly ClientClose[]): void {
  to.list(closes, ({ session, connection, code, reason }) => {
    to.text(session);
    to.text(connection);
    to.number(code);
    to.optional(reason, (text) => to.text(text));
  });
}

function readCloses(from: ByteReader): ClientClose[] {
  return from.list(() => ({
    session: from.text(),
    connection: from.text(),
    code: from.number(),
    ...given(
      "reason",
      from.optional(() => from.text()),
    ),
  }));
}

function writeAnswers(to: ByteWriter, answers: readonly Answer[]): void {
  to.list(answers, ({ process, request, content }) => {
    to.text(process);
    to.text(request);
    writeContent(to, content);
  });
}

function readAnswers(from: ByteReader): Answer[] {
  return from.list(() => ({ process: from.text(), request: from.text(), content: readContent(from) }));
}

function writeMissed(to: ByteWriter, missed: MissedMessage): void {
  writePlace(to, missed.from);
  writePlace(to, missed.place);
  writeSessions(to, missed.sessions);
  writeTexts(to, missed.ended);
  writeDownFrames(to, missed.frames);
  writeCloses(to, missed.closes);
  writeAnswers(to, missed.answers);
}

function readMissed(from: ByteReader): MissedMessage {
  return {
    from: readPlace(from),
    place: readPlace(from),
    sessions: readSessions(from),
    ended: readTexts(from),
    frames: readDownFrames(from),
    closes: readCloses(from),
    answers: readAnswers(from),
  };
}

function writeFlag(to: ByteWriter, flag: boolean): void {
  to.byte(flag ? 1 : 0);
}

function readFlag(from: ByteReader): boolean {
  return from.byte() !== 0;
}

function writeContent(to: ByteWriter, content: Content): void {
  to.text(JSON.stringify(content));
}

function readContent(from: ByteReader): Content {
  const text = from.text();
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new CodecError("a content is not JSON");
  }
  if (typeof (content as Content | null)?.type !== "string") throw new CodecError("a content has no type");
  return content as Content;
}

function writeClaim(to: ByteWriter, message: MessageOf<"claim" | "place">): void {
  to.text(message.process);
  to.number(message.epoch);
  writePlace(to, message.at);
}

function readClaim(from: ByteReader): Omit<MessageOf<"claim" | "place">, "type"> {
  return { process: from.text(), epoch: from.number(), at: readPlace(from) };
}

function writePreparation(to: ByteWriter, message: MessageOf<"prepare" | "prepared">): void {
  to.text(message.process);
  to.number(message.epoch);
}

function readPreparation(from: ByteReader): Omit<MessageOf<"prepare" | "prepared">, "type"> {
  return { process: from.text(), epoch: from.number() };
}
