// A player on a plain WebSocket. The room treats it as an ordinary client; its socket receives words and sends JSON.
import { EventEmitter } from "node:events";
import { Decoder } from "@colyseus/schema";
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

/** The bits of a frame's first byte that hold its code. */
const CODE_BITS = 0x1f;

/** A player's position in units. */
type Position = [x: number, y: number];

/** The connection as the room sees it: emits messages and the close event, and reports address and backpressure. */
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
}

/** Returns an error as a frame of the plain protocol, where the name has its own field. */
export function errorFrame({ code, message }: SentError) {
  return { type: "error", code, name: nameOfError({ code, message }), message: untagged(message) };
}

/**
 * An in-process client of the framework. It decodes the same frames that an SDK client receives, so plain clients see
 * exactly what SDK clients see.
 */
export class PlainClient {
  readonly ref: PlainRef;
  readonly sessionId: string;
  state: ClientState = ClientState.JOINING;
  reconnectionToken = "";
  _enqueuedMessages: unknown[] = [];
  readonly #socket: LimitedSocket;
  readonly #decoder = new Decoder(new WorldState());
  /** The last position sent to the socket, for each player in sight. */
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

  /** Passes a received word to the room, which checks it. */
  move(word: string): void {
    this.ref.emit("message", getMessageBytes.raw(Protocol.ROOM_DATA, "move", word));
  }

  /**
   * Receives a frame from the room. Ignores frames other than handshake and state: the plain protocol has no form for
   * them.
   */
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
    }
  }

  enqueueRaw(frame: Uint8Array, options?: ISendOptions): void {
    enqueueClientRaw(this as unknown as Client & ClientPrivate, frame as Buffer, options);
  }

  send(type: string | number, message?: unknown, options?: ISendOptions): void {
    this.enqueueRaw(getMessageBytes.raw(Protocol.ROOM_DATA, type, message), options);
  }

  error(code: number, message = ""): void {
    this.#sendJson(errorFrame({ code, message }));
  }

  leave(code: number = CloseCode.CONSENTED, reason?: string): void {
    this.#socket.close(code, code === CloseCode.SERVER_SHUTDOWN ? ERRORS.serverShutdown.message : reason);
  }

  /** Sends the welcome, if it is due, and the players that moved, came into sight or left it since the last call. */
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
