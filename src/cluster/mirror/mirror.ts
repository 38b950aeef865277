// All rooms and sessions of the cluster, as a process mirrors them.
import { MirroredRoom } from "./mirrored-room.ts";
import type { News, SessionRecord } from "./news.ts";
import { SchemaReader, SchemaWriter } from "./schema-bytes.ts";

/** The first byte of a message. It says whether the message has the changes of a tick, or everything. */
export const CHANGES = 0;
export const EVERYTHING = 1;

/** The parts of a message. */
export interface Message {
  readonly kind: typeof CHANGES | typeof EVERYTHING;
  /** The cluster's clock in ms. The clock continues when another process becomes the authority. */
  readonly time: number;
  /** How old the message's state was when the message was written, in ms. */
  readonly age: number;
  readonly news: News;
  readonly sections: readonly (readonly [room: string, section: Uint8Array])[];
}

/** Writes a message. */
export function writeMessage(out: SchemaWriter, { kind, time, age, news, sections }: Message): void {
  out.byte(kind);
  out.float64(time);
  out.float64(age);
  out.block(Object.keys(news).length === 0 ? new Uint8Array() : Buffer.from(JSON.stringify(news)));
  out.number(sections.length);
  for (const [room, section] of sections) {
    out.text(room);
    out.block(section);
  }
}

function readMessage(bytes: Uint8Array): Message {
  const source = new SchemaReader(bytes);
  const kind = source.byte() as Message["kind"];
  const time = source.float64();
  const age = source.float64();
  const json = source.block();
  const news: News = json.length === 0 ? {} : JSON.parse(Buffer.from(json).toString());
  const sections = Array.from({ length: source.number() }, () => [source.text(), source.block()] as const);
  return { kind, time, age, news, sections };
}

/** The mirrored rooms and sessions. */
export class Mirror {
  readonly rooms = new Map<string, MirroredRoom>();
  readonly sessions = new Map<string, SessionRecord>();
  #time = 0;
  /** The time of the mirrored state, by the clock of this process. */
  #readAt = performance.now();

  /** The cluster's clock in ms, now. */
  get time(): number {
    return this.#time + this.age;
  }

  /** How old the mirrored state is, in ms. */
  get age(): number {
    return performance.now() - this.#readAt;
  }

  /** Reads a message. @returns the rooms that it has changed. */
  read(bytes: Uint8Array): MirroredRoom[] {
    const { kind, time, age, news, sections } = readMessage(bytes);
    this.#time = time;
    this.#readAt = performance.now() - age;
    this.#readNews(news, kind === EVERYTHING);
    const changed: MirroredRoom[] = [];
    for (const [id, section] of sections) {
      const room = this.rooms.get(id);
      if (!room) continue;
      room.read(section);
      changed.push(room);
    }
    return changed;
  }

  /** Returns everything as a message. */
  snapshot(): Uint8Array {
    const out = new SchemaWriter(64 * 1024);
    const rooms = [...this.rooms.values()];
    writeMessage(out, {
      kind: EVERYTHING,
      time: this.#time,
      age: this.age,
      news: { rooms: rooms.map(({ record }) => record), sessions: [...this.sessions.values()] },
      sections: rooms.map((room) => [room.record.id, room.section()] as const),
    });
    return out.written();
  }

  #readNews({ rooms = [], endedRooms = [], sessions = [], endedSessions = [] }: News, isWhole: boolean): void {
    const present = new Set(rooms.map(({ id }) => id));
    const gone = isWhole ? [...this.rooms.keys()].filter((id) => !present.has(id)) : endedRooms;
    for (const id of gone) this.rooms.delete(id);
    for (const record of rooms) if (!this.rooms.has(record.id)) this.rooms.set(record.id, new MirroredRoom(record));
    if (isWhole) this.sessions.clear();
    for (const session of endedSessions) this.sessions.delete(session);
    for (const session of sessions) this.sessions.set(session.id, session);
  }
}
