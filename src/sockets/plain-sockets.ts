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
import { ERRORS } from "../../schema/errors.ts";
import type { RoomTelemetry } from "../telemetry/room-telemetry.ts";
import { LimitedSocket } from "./limited-socket.ts";
import { PlainClient } from "./plain-client.ts";
import type { socketOptions } from "./socket-options.ts";

/** Words that may wait while a join is under way; more are dropped, as a full queue in the world drops them. */
const EARLY_LIMIT = 8;

/** Milliseconds that a client whose join was refused has to close its socket. */
const REFUSED_MS = 500;

/** Accepts plain WebSockets and makes each of them a player of the room `world`. */
export class PlainSockets {
  readonly #server: WebSocketServer;
  readonly #observer: RoomTelemetry;
  readonly #admit: (request: IncomingMessage) => Promise<void>;

  /** `admit`: lets a join in, or rejects with the ServerError that says why not. */
  constructor(
    options: ReturnType<typeof socketOptions>,
    admit: (request: IncomingMessage) => Promise<void>,
    observer: RoomTelemetry,
  ) {
    this.#server = new WebSocketServer({ ...options, WebSocket: LimitedSocket });
    this.#observer = observer;
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
      if (early.length < EARLY_LIMIT) early.push(word);
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
      this.#observer.refusedAtDoor(error, socket.address);
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
  const known = error instanceof ServerError;
  if (!known) logger.error({ err: error }, "a plain client could not join");
  const code = known ? error.code : ERRORS.joinRefused.code;
  const message = known ? error.message : ERRORS.joinRefused.sentence;
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "error", code, message }));
  socket.close(ERRORS.joinRefused.code, ERRORS.joinRefused.sentence);
  // Who does not answer that is not to keep the connection: it may be one too many.
  setTimeout(() => socket.terminate(), REFUSED_MS).unref();
}
