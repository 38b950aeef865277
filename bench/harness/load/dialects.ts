// The wire protocol of each kind of server, as far as the load needs it: joins, moves, and the messages that carry
// state.
import { Agent, request } from "node:http";
import { DIRECTIONS, type Direction } from "../arena.ts";
import { BINARY, maskedFrame, TEXT } from "./masked-frame.ts";

/** The wire protocol of a kind of server. */
export interface Dialect {
  /**
   * Reserves a seat where the server needs one. Returns the path to connect to, and the id of the room if there is one.
   */
  seat(port: number, name: string): Promise<{ path: string; room?: string }>;
  /** The complete frame of a move, for each of DIRECTIONS. */
  moves: Buffer[];
  /** Whether a message with this first byte carries state. */
  isState(first: number): boolean;
  /** The reply to a message with this first byte; undefined if it needs no reply. */
  reply(first: number): Buffer | undefined;
  /** Whether a message with this first byte confirms that the client has joined. */
  isWelcome(first: number): boolean;
}

/** The opcodes of Colyseus that the load needs. A state frame may also carry the flag TIMED, which OPCODE masks out. */
const JOIN_ROOM = 0x0a;
const ROOM_DATA = 0x0d;
const ROOM_STATE = 0x0e;
const ROOM_STATE_PATCH = 0x0f;
const OPCODE = 0x1f;

const ascii = (text: string) => text.charCodeAt(0);
const perDirection = (frame: (direction: Direction) => Buffer) => DIRECTIONS.map(frame);

/**
 * The protocol of a Colyseus room.
 * @param options returns the join options for a player's name.
 */
export function colyseus(room: string, options: (name: string) => object): Dialect {
  const acknowledgement = maskedFrame(BINARY, Uint8Array.of(JOIN_ROOM));
  // In the message format (MessagePack) a short string is one byte that holds its length, then its characters.
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

/** Binary frames. A move is one byte: the index of its direction. */
export const binary = bare(
  "/",
  perDirection((direction) => maskedFrame(BINARY, Uint8Array.of(DIRECTIONS.indexOf(direction)))),
);

/** JSON in text frames. */
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
 * socket.io, with a WebSocket from the start. The first character of a message is Engine.IO's packet type, the second
 * is socket.io's.
 */
export const socketIo: Dialect = {
  seat: async () => ({ path: "/socket.io/?EIO=4&transport=websocket" }),
  moves: perDirection((direction) => maskedFrame(TEXT, `42${JSON.stringify(["move", direction])}`)),
  isState: (first) => first === ascii("4"),
  reply: (first) => {
    if (first === ascii("0")) return maskedFrame(TEXT, "40");
    return first === ascii("2") ? maskedFrame(TEXT, "3") : undefined;
  },
  // The reply to the `40` above is the first packet of this type.
  isWelcome: (first) => first === ascii("4"),
};

const agent = new Agent({ keepAlive: true });

/** The fields of a matchmaking response that are needed. */
interface Seat {
  processId: string;
  roomId: string;
  sessionId: string;
}

/** Requests a seat. Rejects if the response has another status than 200. */
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
