// The client object of a player on a plain WebSocket. The room treats it as an ordinary client. Its socket receives
// direction words as text and sends JSON.
import { EventEmitter } from "node:events";
import { Decoder, decode } from "@colyseus/schema";
import {
  type Client,
  type ClientPrivate,
  ClientState,
  CloseCode,
  enqueueClientRaw,
  getMessageBytes,
  type ISendOptions,
  Protocol,
  ProtocolModifier,
} from "colyseus";
import WebSocket from "ws";
import { ERRORS, nameOfError, type SentError, untagged } from "../../schema/errors.ts";
import { STATE_HEADER_BYTES, TIMED_STATE_HEADER_BYTES } from "../../schema/protocol.ts";
import { WorldState } from "../../schema/world-state.ts";
import { STEP } from "../../sim/rules.ts";
import type { LimitedSocket } from "./limited-socket.ts";
import { readMessage } from "./message-frames.ts";

/** The bits of a frame's first byte that hold its code. */
const CODE_BITS = 0x1f;

/**
 * Returns the type and the content of the message in a frame. A frame that is not a JSON object with a `type` is a
 * move, and its whole text is the content. A field `text` that is not a string is left out, because MessagePack would
 * overflow the stack with deeply nested values.
 */
function messageOf(frame: string): [type: string, content?: string] {
  if (!frame.startsWith("{")) return ["move", frame];
  try {
    const { type, text } = JSON.parse(frame);
    if (typeof type !== "string" || !type.isWellFormed()) return ["move", frame];
    return [type, typeof text === "string" ? text : undefined];
  } catch {
    return ["move", frame];
  }
}

/** A player's position in units. */
type Position = [x: number, y: number];

/**
 * The property `ref` of a client: the connection as the room sees it. It emits messages and the close event, and
 * reports address and backpressure.
 */
class PlainRef extends EventEmitter {
  readonly transport = "plain";
  readonly #socket: LimitedSocket;

  constructor(socket: LimitedSocket) {
    super();
    this.#socket = socket;
  }

  get address(): string | undefined {
    return this.#socket.address;
  }

  get isBackpressured(): boolean {
    return this.#socket.isBackpressured;
  }

  /** Ends the connection at once, without a closing handshake. */
  terminate(): void {
    this.#socket.terminate();
  }
}

/**
 * Returns an error as a frame of the plain protocol. In that protocol, the name of the error is a field of its own, not
 * a part of the message.
 */
export function errorFrame({ code, message }: SentError) {
  return { type: "error", code, name: nameOfError({ code, message }), message: untagged(message) };
}

/**
 * An in-process client of the framework. It decodes the frames that an SDK client receives, so a player on a plain
 * WebSocket sees the same as a player with the SDK.
 */
export class PlainClient {
  readonly ref: PlainRef;
  readonly sessionId: string;
  state: ClientState = ClientState.JOINING;
  reconnectionToken = "";
  _enqueuedMessages: unknown[] = [];
  readonly #socket: LimitedSocket;
  readonly #decoder = new Decoder(new WorldState());
  /** For each player that the client sees: the position last sent to the socket. */
  readonly #lastSent = new Map<string, Position>();
  #welcomed = false;

  constructor(sessionId: string, socket: LimitedSocket) {
    this.sessionId = sessionId;
    this.ref = new PlainRef(socket);
    this.#socket = socket;
    // A plain connection cannot be resumed, so every close counts as a leave and the room holds no seat.
    socket.on("close", () => this.ref.emit("close", CloseCode.CONSENTED));
  }

  get readyState(): number {
    return this.#socket.readyState;
  }

  /** Passes a received frame to the room, which validates it. The frame is a word, or another message as JSON. */
  receive(frame: string): void {
    const [type, content] = messageOf(frame);
    this.ref.emit("message", getMessageBytes.raw(Protocol.ROOM_DATA, type, content));
  }

  /** Receives a frame from the room. Ignores frames other than handshake, state, message and error. */
  raw(frame: Uint8Array): void {
    const first = frame[0]!;
    const code = first & CODE_BITS;
    const bodyAt = first & ProtocolModifier.TIMED ? TIMED_STATE_HEADER_BYTES : STATE_HEADER_BYTES;
    if (code === Protocol.JOIN_ROOM) {
      // Acknowledges the join like the SDK. The room answers with the full state.
      this.ref.emit("message", Buffer.of(Protocol.JOIN_ROOM));
    } else if (code === Protocol.ROOM_STATE) {
      this.#decoder.decodeResync(frame, { offset: bodyAt });
      this.#sendChanges();
    } else if (code === Protocol.ROOM_STATE_PATCH && frame.length > bodyAt) {
      this.#decoder.decode(frame, { offset: bodyAt });
      this.#sendChanges();
    } else if (code === Protocol.ROOM_DATA) {
      const { type, content } = readMessage(frame);
      this.send(type, content);
    } else if (code === Protocol.ERROR) {
      const at = { offset: 1 };
      this.error(decode.number(frame, at), decode.string(frame, at));
    }
  }

  enqueueRaw(frame: Uint8Array, options?: ISendOptions): void {
    enqueueClientRaw(this as unknown as Client & ClientPrivate, frame as Buffer, options);
  }

  /**
   * Sends a message to the socket, once the client is welcomed. Ignores a message that is not an object, because the
   * plain protocol has no form for it.
   */
  send(type: string | number, message?: unknown): void {
    if (this.#welcomed && message?.constructor === Object) this.#sendJson({ ...message, type });
  }

  error(code: number, message = ""): void {
    this.#sendJson(errorFrame({ code, message }));
  }

  leave(code: number = CloseCode.CONSENTED, reason?: string): void {
    this.#socket.close(code, code === CloseCode.SERVER_SHUTDOWN ? ERRORS.serverShutdown.message : reason);
  }

  /**
   * Sends the welcome if it has not been sent yet. Then sends the players that have moved since the last call, or have
   * come into the client's sight or gone out of it.
   */
  #sendChanges(): void {
    const { map, players } = this.#decoder.state;
    const moved: Record<string, Position> = {};
    for (const [id, { x, y }] of players) {
      const sent = this.#lastSent.get(id);
      if (sent?.[0] === x && sent[1] === y) continue;
      moved[id] = [x, y];
      this.#lastSent.set(id, moved[id]);
    }
    const gone = [...this.#lastSent.keys()].filter((id) => !players.has(id));
    for (const id of gone) this.#lastSent.delete(id);

    if (!this.#welcomed) {
      const self = players.get(this.sessionId);
      if (!self) return;
      this.#sendJson({ type: "welcome", id: this.sessionId, name: self.name, x: self.x, y: self.y, step: STEP, map });
      this.#welcomed = true;
    }
    if (gone.length > 0 || Object.keys(moved).length > 0) this.#sendJson({ type: "players", players: moved, gone });
  }

  #sendJson(message: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}
