// What each kind of server expects on the wire, as far as a load must know it: how to get in, what a move looks like,
// which messages carry state.
import { Agent, request } from "node:http";
import { DIRECTIONS, type Direction } from "../arena.ts";
import { BINARY, maskedFrame, TEXT } from "./masked-frame.ts";

/** The wire of a kind of server. */
export interface Dialect {
  /** Gets a seat where one is needed, and tells where to connect. `room`: which of the server's rooms it is. */
  seat(port: number, name: string): Promise<{ path: string; room?: string }>;
  /** Whole frames to write, one for each of DIRECTIONS. */
  moves: Buffer[];
  /** Whether a message that begins with this byte carries state. */
  isState(first: number): boolean;
  /** What to answer to a message that begins with this byte, if it is to be answered. */
  reply(first: number): Buffer | undefined;
  /** Whether a client that gets such a message is in the game. */
  isWelcome(first: number): boolean;
}

/** The opcodes of Colyseus that a load needs; a state frame may carry the flag TIMED. */
const JOIN_ROOM = 0x0a;
const ROOM_DATA = 0x0d;
const ROOM_STATE = 0x0e;
const ROOM_STATE_PATCH = 0x0f;
const OPCODE = 0x1f;

const ascii = (text: string) => text.charCodeAt(0);
const perDirection = (frame: (direction: Direction) => Buffer) => DIRECTIONS.map(frame);

/** A room of Colyseus. `options`: the join options, made from the player's name. */
export function colyseus(room: string, options: (name: string) => object): Dialect {
  const acknowledgement = maskedFrame(BINARY, Uint8Array.of(JOIN_ROOM));
  // A short string of the message format is a byte that holds its length, then its characters.
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

/** A bare WebSocket server: every message carries state, the first one is the welcome. */
function bare(path: string, moves: Buffer[]): Dialect {
  return {
    seat: async () => ({ path }),
    moves,
    isState: () => true,
    reply: () => undefined,
    isWelcome: () => true,
  };
}

/** Binary frames: a move is one byte, the direction's index. */
export const binary = bare(
  "/",
  perDirection((direction) => maskedFrame(BINARY, Uint8Array.of(DIRECTIONS.indexOf(direction)))),
);

/** JSON in text frames. */
export const json = bare(
  "/",
  perDirection((direction) => maskedFrame(TEXT, JSON.stringify({ move: direction }))),
);

/** The four words of the tutorial that sabang comes from. */
export const KOREAN: Readonly<Record<Direction, string>> = { left: "좌", right: "우", up: "상", down: "하" };

/** The tutorial's server: a word is a move. */
export const korean = bare(
  "/websocket",
  perDirection((direction) => maskedFrame(TEXT, KOREAN[direction])),
);

/** socket.io, over a WebSocket from the start: Engine.IO's packet type is the first character, socket.io's the second. */
export const socketIo: Dialect = {
  seat: async () => ({ path: "/socket.io/?EIO=4&transport=websocket" }),
  moves: perDirection((direction) => maskedFrame(TEXT, `42${JSON.stringify(["move", direction])}`)),
  isState: (first) => first === ascii("4"),
  reply: (first) => {
    if (first === ascii("0")) return maskedFrame(TEXT, "40");
    return first === ascii("2") ? maskedFrame(TEXT, "3") : undefined;
  },
  // The answer to our `40` is the first packet of that type.
  isWelcome: (first) => first === ascii("4"),
};

const agent = new Agent({ keepAlive: true });

/** What matchmaking answers, as far as it is needed. */
interface Seat {
  processId: string;
  roomId: string;
  sessionId: string;
}

/** Asks for a seat. */
function post(port: number, path: string, body: object): Promise<Seat> {
  return new Promise((resolve, reject) => {
    const call = request(
      { port, path, agent, host: "127.0.0.1", method: "POST", headers: { "content-type": "application/json" } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode !== 200) return reject(new Error(`a join got ${response.statusCode}: ${text}`));
          resolve(JSON.parse(text));
        });
      },
    );
    call.on("error", reject);
    call.end(JSON.stringify(body));
  });
}
