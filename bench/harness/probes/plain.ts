// Probes for the servers on bare WebSockets: binary records, and JSON in two spellings of a move.
import { type RawData, WebSocket } from "ws";
import { DIRECTIONS, type Direction } from "../arena.ts";
import { KOREAN } from "../load/dialects.ts";
import type { JoinProbe, Known } from "./probe.ts";

/** How a server on a bare WebSocket is talked to. */
interface Language {
  path: string;
  /** Reads a message into `players`; the first one, the welcome, gives the own id. */
  read(message: Buffer, players: Map<string, Known>): string | undefined;
  write(direction: Direction): string | Uint8Array;
}

const RECORD_BYTES = 6;
const GONE = 0xffff;

const BINARY: Language = {
  path: "/",
  read: (message, players) => {
    // The welcome alone is no whole number of records: the own id stands before them.
    const start = message.length % RECORD_BYTES;
    for (let at = start; at < message.length; at += RECORD_BYTES) {
      const id = String(message.readUInt16LE(at));
      const x = message.readUInt16LE(at + 2);
      if (x === GONE) players.delete(id);
      else players.set(id, { x, y: message.readUInt16LE(at + 4) });
    }
    return start > 0 ? String(message.readUInt16LE(0)) : undefined;
  },
  write: (direction) => Uint8Array.of(DIRECTIONS.indexOf(direction)),
};

/** What the JSON servers send. */
interface JsonMessage {
  id?: string;
  players: Record<string, [x: number, y: number]>;
  gone?: string[];
}

const readJson: Language["read"] = (message, players) => {
  const { id, players: places, gone = [] } = JSON.parse(message.toString()) as JsonMessage;
  for (const [id, [x, y]] of Object.entries(places)) players.set(id, { x, y });
  for (const id of gone) players.delete(id);
  return id;
};

const JSON_: Language = { path: "/", read: readJson, write: (direction) => JSON.stringify({ move: direction }) };
const KOREAN_: Language = { path: "/websocket", read: readJson, write: (direction) => KOREAN[direction] };

function join({ path, read, write }: Language): JoinProbe {
  return async (port, _name, onFrame) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false });
    const players = new Map<string, Known>();
    let ended: string | undefined;
    const id = await new Promise<string>((resolve, reject) => {
      socket.on("message", (message: RawData) => {
        const id = read(message as Buffer, players);
        if (id !== undefined) resolve(id);
        onFrame();
      });
      socket.on("error", reject);
      socket.on("close", (code) => {
        ended = `the server closed with ${code}`;
        reject(new Error(ended));
      });
    });
    return {
      id,
      get ended() {
        return ended;
      },
      own: () => players.get(id),
      players: () => Object.fromEntries(players),
      move: (direction) => socket.send(write(direction)),
    };
  };
}

export const joinBinary = join(BINARY);
export const joinJson = join(JSON_);
export const joinKorean = join(KOREAN_);
