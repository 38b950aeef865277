// Probes for the plain WebSocket servers: one for binary records, and two for JSON. The two servers with JSON
// expect different messages for a move.
import { type RawData, WebSocket } from "ws";
import { DIRECTIONS, type Direction } from "../arena.ts";
import { KOREAN } from "../load/dialects.ts";
import type { JoinProbe, KnownPlayer } from "./probe.ts";

/** The protocol of a plain WebSocket server. */
interface Protocol {
  path: string;
  /** Applies a message to `players`. Returns the client's own id for the first message, the welcome. */
  read(message: Buffer, players: Map<string, KnownPlayer>): string | undefined;
  write(direction: Direction): string | Uint8Array;
}

const RECORD_BYTES = 6;
const GONE = 0xffff;

const BINARY: Protocol = {
  path: "/",
  read: (message, players) => {
    // `start` is 2 in the welcome, which begins with the client's own id. It is 0 in all other messages, because they
    // contain only records.
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

/** A message of the JSON servers. */
interface JsonMessage {
  id?: string;
  players: Record<string, [x: number, y: number]>;
  gone?: string[];
}

const readJson: Protocol["read"] = (message, players) => {
  const { id, players: places, gone = [] } = JSON.parse(message.toString()) as JsonMessage;
  for (const [id, [x, y]] of Object.entries(places)) players.set(id, { x, y });
  for (const id of gone) players.delete(id);
  return id;
};

const JSON_: Protocol = { path: "/", read: readJson, write: (direction) => JSON.stringify({ move: direction }) };
const KOREAN_: Protocol = { path: "/websocket", read: readJson, write: (direction) => KOREAN[direction] };

function join({ path, read, write }: Protocol): JoinProbe {
  return async (port, _name, onFrame) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false });
    const players = new Map<string, KnownPlayer>();
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
      get: (id) => players.get(id),
      inSight: () => players.values(),
      players: () => Object.fromEntries(players),
      move: (direction) => socket.send(write(direction)),
    };
  };
}

export const joinBinary = join(BINARY);
export const joinJson = join(JSON_);
export const joinKorean = join(KOREAN_);
