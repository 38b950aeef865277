// The wire protocol of each kind of server, as far as the load needs it: joins, moves, and the messages that carry
// state.
import { Agent, request } from "node:http";
import { DIRECTIONS, type Direction } from "../arena.ts";
import { BINARY, maskedFrame, TEXT } from "./masked-frame.ts";

/** The wire protocol of a kind of server. */
export interface Dialect {
  /**
   * Reserves a seat if the server has seat reservations. Returns the path to connect to, and the room's id if the
   * server has rooms.
   */
  seat(port: number, name: string): Promise<{ path: string; room?: string }>;
  /** The complete frame of a move, for each of DIRECTIONS. */
  moves: Buffer[];
  /** The complete frame of a text that a player says; missing if the server has no such message. */
  say?: Buffer;
  /** Whether a message with this first byte carries state. */
  isState(first: number): boolean;
  /** Whether a message with this first byte is a text that a player says. */
  isSay?(first: number): boolean;
  /** The reply to a message with this first byte; undefined if it needs no reply. */
  reply(first: number): Buffer | undefined;
  /** Whether a message with this first byte confirms that the client has joined. */
  isWelcome(first: number): boolean;
}

/** The opcodes of Colyseus that the load needs. The mask OPCODE clears the flags that the first byte may also hold. */
const JOIN_ROOM = 0x0a;
const ROOM_DATA = 0x0d;
const ROOM_STATE = 0x0e;
const ROOM_STATE_PATCH = 0x0f;
const OPCODE = 0x1f;

const ascii = (text: string) => text.charCodeAt(0);
const perDirection = (frame: (direction: Direction) => Buffer) => DIRECTIONS.map(frame);

/** The text that the players say: a short sentence of 40 characters. */
const TEXT_SAID = "The quick brown fox jumps over the dogs.";

/** Extends the protocol of sabang's room with the messages in which players say a text. */
export function withSay(dialect: Dialect): Dialect {
  // MessagePack, the format of messages, encodes a string of up to 255 bytes as `d9`, its length, and its bytes.
  const content = [0xd9, TEXT_SAID.length, ...Buffer.from(TEXT_SAID)];
  const say = maskedFrame(BINARY, Uint8Array.of(ROOM_DATA, 0xa3, ...Buffer.from("say"), ...content));
  return { ...dialect, say, isSay: (first) => first === ROOM_DATA };
}

/**
 * The protocol of a Colyseus room.
 * @param options returns the join options for a player's name.
 */
export function colyseus(room: string, options: (name: string) => object): Dialect {
  const acknowledgement = maskedFrame(BINARY, Uint8Array.of(JOIN_ROOM));
  // MessagePack, the format of messages, encodes a short string as one byte with the length, then the characters.
  const short = (text: string) => [0xa0 | text.length, ...Buffer.from(text)];
  return {
    seat: async (port, name) => {
      const seat = await post(port, `/matchmake/joinOrCreate/${room}`, options(name));
      return { path: `/${seat.processId}/${seat.roomId}?sessionId=${seat.sessionId}`, room: seat.roomId };
    },
    moves: perDirection((word) => maskedFrame(BINARY, Uint8Array.of(ROOM_DATA, ...short("move"), ...short(word)))),
    isState: (first) => (first & OPCODE) === ROOM_STATE_PATCH || (first & OPCODE) === ROOM_STATE,
    reply: (first) => ((first & OPCODE) === JOIN_ROOM ? acknowledgement : undefined),
    isWelcome: (first) => (first & OPCODE) === ROOM_STATE,
  };
}

/** The protocol of a plain WebSocket server. Every message carries state, and the first one confirms the join. */
function bare(path: string, moves: Buffer[]): Dialect {
  return {
    seat: async () => ({ path }),
    moves,
    isState: () => true,
    reply: () => undefined,
    isWelcome: () => true,
  };
}

/** The protocol of servers with binary frames. A move is one byte: the index of its direction. */
export const binary = bare(
  "/",
  perDirection((direction) => maskedFrame(BINARY, Uint8Array.of(DIRECTIONS.indexOf(direction)))),
);

/** The protocol of servers with JSON in text frames. */
export const json = bare(
  "/",
  perDirection((direction) => maskedFrame(TEXT, JSON.stringify({ move: direction }))),
);

/** The direction words of the Korean tutorial on which sabang is based. */
export const KOREAN: Readonly<Record<Direction, string>> = { left: "좌", right: "우", up: "상", down: "하" };

/** The Korean tutorial's server. A move is one word. */
export const korean = bare(
  "/websocket",
  perDirection((direction) => maskedFrame(TEXT, KOREAN[direction])),
);

/**
 * socket.io, with a WebSocket from the start. The first character of a message is Engine.IO's packet type, and the
 * second character is socket.io's packet type.
 */
export const socketIo: Dialect = {
  seat: async () => ({ path: "/socket.io/?EIO=4&transport=websocket" }),
  moves: perDirection((direction) => maskedFrame(TEXT, `42${JSON.stringify(["move", direction])}`)),
  isState: (first) => first === ascii("4"),
  reply: (first) => {
    if (first === ascii("0")) return maskedFrame(TEXT, "40");
    return first === ascii("2") ? maskedFrame(TEXT, "3") : undefined;
  },
  // The first packet that begins with `4` is the server's answer to `40`, the client's request to connect.
  isWelcome: (first) => first === ascii("4"),
};

const agent = new Agent({ keepAlive: true });

/** The fields of a matchmaking response that the load needs. */
interface Seat {
  processId: string;
  roomId: string;
  sessionId: string;
}

/** Requests a seat. Rejects if the status of the response is not 200. */
function post(port: number, path: string, body: object): Promise<Seat> {
  return new Promise((resolve, reject) => {
    const call = request(
      { port, path, agent, host: "127.0.0.1", method: "POST", headers: { "content-type": "application/json" } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode !== 200) return reject(new Error(`join failed with ${response.statusCode}: ${text}`));
          resolve(JSON.parse(text));
        });
      },
    );
    call.on("error", reject);
    call.end(JSON.stringify(body));
  });
}
