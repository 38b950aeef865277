// The plain protocol, which needs no SDK: a WebSocket on /websocket, text frames, one word per step.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import {
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

/** The maximum number of words queued during a join. A full queue drops its oldest word, as the world's queue does. */
const MAX_EARLY_WORDS = QUEUE_LIMIT;

/** Milliseconds after which the socket of a refused client is terminated, unless the client has closed it. */
const REFUSED_TIMEOUT_MS = 500;

/** Accepts plain WebSockets and joins each of them to the room `world`. */
export class PlainSockets {
  readonly #server: WebSocketServer;
  readonly #onRefused: (error: SentError, address: string | undefined) => void;
  readonly #admit: (request: IncomingMessage) => Promise<void>;

  /**
   * @param admit resolves if a join is admitted; otherwise it rejects with the ServerError to send.
   * @param onRefused is called when the room refuses a join.
   */
  constructor(
    options: ReturnType<typeof socketOptions>,
    admit: (request: IncomingMessage) => Promise<void>,
    onRefused: (error: SentError, address: string | undefined) => void,
  ) {
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
    // Listens before the join begins: a client may send its first word as soon as the socket opens.
    const early: string[] = [];
    let onWord = (word: string) => {
      if (early.length >= MAX_EARLY_WORDS) early.shift();
      early.push(word);
    };
    socket.on("message", (data, isBinary) => {
      if (socket.readyState === WebSocket.OPEN) onWord(isBinary ? "" : String(data));
    });

    await this.#admit(request);
    const query = new URL(request.url ?? "/", "ws://server").searchParams;
    const auth = createAuthContext({
      headers: request.headers as Record<string, string | undefined>,
      token: query.get("token"),
      remoteAddress: request.socket.remoteAddress,
    });
    query.delete("token");
    const seat = await matchMaker.joinOrCreate("world", Object.fromEntries(query), auth).catch((error) => {
      this.#onRefused(error, socket.address);
      throw error;
    });
    // The socket has closed during the join. The seat expires; a client created now would never get the close event.
    if (socket.readyState !== WebSocket.OPEN) return;
    const client = new PlainClient(seat.sessionId, socket);
    const room = matchMaker.getLocalRoomById(seat.roomId);
    await connectClientToRoom(room, client as unknown as Client & ClientPrivate, auth, {});
    onWord = (word) => client.move(word);
    early.forEach(onWord);
  }
}

/** Sends the error of a failed join and closes the socket. A browser cannot read the response to a refused upgrade. */
function refuse(socket: WebSocket, error: unknown): void {
  const isExpected = error instanceof ServerError;
  if (!isExpected) logger.error({ err: error }, "join of a plain client failed");
  const frame = errorFrame(isExpected ? error : ERRORS.joinRefused);
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  socket.close(ERRORS.joinRefused.code, ERRORS.joinRefused.message);
  // A client that does not answer the close frame must not occupy a connection for longer.
  setTimeout(() => socket.terminate(), REFUSED_TIMEOUT_MS).unref();
}
