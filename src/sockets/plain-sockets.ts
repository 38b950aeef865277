// The way in without an SDK: WebSockets on /websocket, text frames, one word a step.
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

/** Words that are queued while a join is in progress. A full queue drops its oldest word, as the world's queue does. */
const EARLY_LIMIT = QUEUE_LIMIT;

/** Milliseconds that a client whose join was refused has to close its socket. */
const REFUSED_MS = 500;

/** Accepts plain WebSockets and makes each of them a player of the room `world`. */
export class PlainSockets {
  readonly #server: WebSocketServer;
  readonly #onRefused: (error: SentError, address: string | undefined) => void;
  readonly #admit: (request: IncomingMessage) => Promise<void>;

  /** `admit`: lets a join in, or rejects with the ServerError that says why not. */
  constructor(
    options: ReturnType<typeof socketOptions>,
    admit: (request: IncomingMessage) => Promise<void>,
    onRefused: (error: SentError, address: string | undefined) => void,
  ) {
    this.#server = new WebSocketServer({ ...options, WebSocket: LimitedSocket });
    this.#onRefused = onRefused;
    this.#admit = admit;
  }

  /** Takes over an upgrade request for PLAIN_PATH. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket as LimitedSocket, request));
  }

  /** Takes nobody any more; the rooms close the sockets of their players. */
  close(): void {
    this.#server.close();
  }

  #accept(socket: LimitedSocket, request: IncomingMessage): void {
    this.#join(socket, request).catch((error) => refuse(socket, error));
  }

  async #join(socket: LimitedSocket, request: IncomingMessage): Promise<void> {
    // Listening starts before the join does: a client may send its first word as soon as the socket opens.
    const early: string[] = [];
    let take = (word: string) => {
      if (early.length >= EARLY_LIMIT) early.shift();
      early.push(word);
    };
    socket.on("message", (data, isBinary) => {
      if (socket.readyState === WebSocket.OPEN) take(isBinary ? "" : String(data));
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
    // Gone meanwhile: the seat expires by itself, while a client made now would never hear of the end of its socket.
    if (socket.readyState !== WebSocket.OPEN) return;
    const client = new PlainClient(seat.sessionId, socket);
    const room = matchMaker.getLocalRoomById(seat.roomId);
    await connectClientToRoom(room, client as unknown as Client & ClientPrivate, auth, {});
    take = (word) => client.move(word);
    early.forEach(take);
  }
}

/** Says why a join failed and closes: a browser's WebSocket could not read the answer to a refused upgrade. */
function refuse(socket: WebSocket, error: unknown): void {
  const isExpected = error instanceof ServerError;
  if (!isExpected) logger.error({ err: error }, "a plain client could not join");
  const frame = errorFrame(isExpected ? error : ERRORS.joinRefused);
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  socket.close(ERRORS.joinRefused.code, ERRORS.joinRefused.message);
  // A client that does not answer the close frame must not keep a connection that may be one too many.
  setTimeout(() => socket.terminate(), REFUSED_MS).unref();
}
