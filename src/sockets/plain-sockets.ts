// The plain protocol, which needs no SDK. A client opens a WebSocket on /websocket. For each step, it sends a text frame
// that contains one word.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import {
  type AuthContext,
  type Client,
  type ClientPrivate,
  connectClientToRoom,
  createAuthContext,
  logger,
  matchMaker,
  ServerError,
} from "colyseus";
import { WebSocket, WebSocketServer } from "ws";
import { ERRORS, type SentError } from "../../schema/errors.ts";
import { QUEUE_LIMIT } from "../../sim/rules.ts";
import { LimitedSocket } from "./limited-socket.ts";
import { errorFrame, PlainClient } from "./plain-client.ts";
import type { socketOptions } from "./socket-options.ts";

/**
 * The maximum number of words queued during a join. A full queue drops its oldest word, like the queue of inputs in the
 * world.
 */
const MAX_EARLY_WORDS = QUEUE_LIMIT;

/** Milliseconds after which the socket of a refused client is terminated, unless the client has closed it. */
const REFUSED_TIMEOUT_MS = 500;

/** A seat in a room. */
interface Seat {
  readonly sessionId: string;
  readonly roomId: string;
}

/** The rooms that plain clients join. */
export interface PlainRooms {
  /** Reserves a seat in the room `world`. Rejects with a ServerError if the join is refused. */
  reserve(options: Record<string, string>, auth: AuthContext): Promise<Seat>;
  /** Connects a client to the room of its seat. Rejects with a ServerError if the room refuses the client. */
  connect(seat: Seat, client: PlainClient, auth: AuthContext): Promise<void>;
}

/** The rooms of this process. */
const LOCAL_ROOMS: PlainRooms = {
  reserve: (options, auth) => matchMaker.joinOrCreate("world", options, auth),
  connect: ({ roomId }, client, auth) =>
    connectClientToRoom(matchMaker.getLocalRoomById(roomId), client as unknown as Client & ClientPrivate, auth, {}),
};

/** Accepts plain WebSockets and joins each of them to the room `world`. */
export class PlainSockets {
  readonly #server: WebSocketServer;
  readonly #onRefused: (error: SentError, address: string | undefined) => void;
  readonly #admit: (request: IncomingMessage, token: string | undefined) => Promise<void>;
  readonly #rooms: PlainRooms;

  /**
   * @param admit resolves if a join is admitted; otherwise it rejects with the ServerError to send.
   * @param onRefused is called when the room refuses a join.
   * @param rooms the rooms that clients join; by default those of this process.
   */
  constructor(
    options: ReturnType<typeof socketOptions>,
    admit: (request: IncomingMessage, token: string | undefined) => Promise<void>,
    onRefused: (error: SentError, address: string | undefined) => void,
    rooms: PlainRooms = LOCAL_ROOMS,
  ) {
    this.#rooms = rooms;
    this.#server = new WebSocketServer({ ...options, WebSocket: LimitedSocket });
    this.#onRefused = onRefused;
    this.#admit = admit;
  }

  /** Handles an upgrade request for PLAIN_PATH. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket as LimitedSocket, request));
  }

  /** Stops accepting sockets. The rooms close the sockets of their players. */
  close(): void {
    this.#server.close();
  }

  #accept(socket: LimitedSocket, request: IncomingMessage): void {
    this.#join(socket, request).catch((error) => refuse(socket, error));
  }

  async #join(socket: LimitedSocket, request: IncomingMessage): Promise<void> {
    // Listens before the join begins, because a client may send its first word as soon as the socket is open.
    const early: string[] = [];
    let onWord = (word: string) => {
      if (early.length >= MAX_EARLY_WORDS) early.shift();
      early.push(word);
    };
    socket.on("message", (data, isBinary) => {
      if (socket.readyState === WebSocket.OPEN) onWord(isBinary ? "" : String(data));
    });

    const query = new URL(request.url ?? "/", "ws://server").searchParams;
    const auth = createAuthContext({
      headers: request.headers as Record<string, string | undefined>,
      token: query.get("token"),
      remoteAddress: request.socket.remoteAddress,
    });
    query.delete("token");
    await this.#admit(request, auth.token);
    const seat = await this.#rooms.reserve(Object.fromEntries(query), auth).catch((error) => {
      this.#onRefused(error, socket.address);
      throw error;
    });
    // Creates no client object if the socket was closed during the join, because the object would never get the close
    // event. The reserved seat then expires.
    if (socket.readyState !== WebSocket.OPEN) return;
    const client = new PlainClient(seat.sessionId, socket);
    await this.#rooms.connect(seat, client, auth);
    onWord = (word) => client.receive(word);
    early.forEach(onWord);
  }
}

/**
 * Sends the error of a failed join and closes the socket. The error needs an open socket, because a browser cannot read
 * the response to a refused upgrade.
 */
function refuse(socket: WebSocket, error: unknown): void {
  const isExpected = error instanceof ServerError;
  if (!isExpected) logger.error({ err: error }, "join of a plain client failed");
  const frame = errorFrame(isExpected ? error : ERRORS.joinRefused);
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  socket.close(ERRORS.joinRefused.code, ERRORS.joinRefused.message);
  // Without this timer, the socket of a client that does not answer the close frame would still count as a connection.
  setTimeout(() => socket.terminate(), REFUSED_TIMEOUT_MS).unref();
}
