// A player on a plain WebSocket: to the room it is a client like any other, to the other side it speaks words and JSON.
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
import { WorldState } from "../../schema/world-state.ts";
import { STEP } from "../../sim/rules.ts";
import type { LimitedSocket } from "./limited-socket.ts";

/** The low five bits of a frame's first byte say what it is. */
const CODE_BITS = 0x1f;

/** Bytes of a state frame before its body: the code and, where the TIMED bit is set, two 32-bit numbers. */
const HEAD = 1;
const TIMED_HEAD = 9;

/** Where a player stands: `[x, y]` in units. */
type Place = [x: number, y: number];

/** What the room listens to, and asks whether there is any use in sending more; it knows whose it is. */
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

/** An error as the plain protocol sends it. Its name has a field of its own. */
export function errorFrame({ code, message }: SentError) {
  return { type: "error", code, name: nameOfError({ code, message }), message: untagged(message) };
}

/**
 * The framework's in-process client. It decodes the very frames that an SDK client gets, so whatever the room decides
 * to show to a client, this one is shown too.
 */
export class PlainClient {
  readonly ref: PlainRef;
  readonly sessionId: string;
  state: ClientState = ClientState.JOINING;
  reconnectionToken = "";
  _enqueuedMessages: unknown[] = [];
  readonly #socket: LimitedSocket;
  readonly #decoder = new Decoder(new WorldState());
  /** What the other side knows: the place of each player it was told of and not yet told to forget. */
  readonly #told = new Map<string, Place>();
  #welcomed = false;

  constructor(sessionId: string, socket: LimitedSocket) {
    this.sessionId = sessionId;
    this.ref = new PlainRef(socket);
    this.#socket = socket;
    // However a plain connection ends, nobody comes back to it, so the room is to hold no seat: told as a leave.
    socket.on("close", () => this.ref.emit("close", CloseCode.CONSENTED));
  }

  get readyState(): number {
    return this.#socket.readyState;
  }

  /** Hands the room what should be one of the eight words. */
  move(word: string): void {
    this.ref.emit("message", getMessageBytes.raw(Protocol.ROOM_DATA, "move", word));
  }

  /** Takes a frame from the room. What is neither handshake nor state has no form in the plain protocol. */
  raw(frame: Uint8Array): void {
    const head = frame[0]!;
    const code = head & CODE_BITS;
    const bodyAt = head & ProtocolModifier.TIMED ? TIMED_HEAD : HEAD;
    if (code === Protocol.JOIN_ROOM) {
      // The acknowledgement that an SDK sends; the room answers it with the full state.
      this.ref.emit("message", Buffer.of(Protocol.JOIN_ROOM));
    } else if (code === Protocol.ROOM_STATE) {
      this.#decoder.decodeResync(frame, { offset: bodyAt });
      this.#tell();
    } else if (code === Protocol.ROOM_STATE_PATCH && frame.length > bodyAt) {
      this.#decoder.decode(frame, { offset: bodyAt });
      this.#tell();
    }
  }

  enqueueRaw(frame: Uint8Array, options?: ISendOptions): void {
    enqueueClientRaw(this as unknown as Client & ClientPrivate, frame as Buffer, options);
  }

  send(type: string | number, message?: unknown, options?: ISendOptions): void {
    this.enqueueRaw(getMessageBytes.raw(Protocol.ROOM_DATA, type, message), options);
  }

  error(code: number, message = ""): void {
    this.#json(errorFrame({ code, message }));
  }

  leave(code: number = CloseCode.CONSENTED, reason?: string): void {
    this.#socket.close(code, code === CloseCode.SERVER_SHUTDOWN ? ERRORS.serverShutdown.message : reason);
  }

  /** Sends who moved, came into sight or went out of it since the last time. */
  #tell(): void {
    const { map, players } = this.#decoder.state;
    const moved: Record<string, Place> = {};
    for (const [id, { x, y }] of players) {
      const told = this.#told.get(id);
      if (told?.[0] === x && told[1] === y) continue;
      moved[id] = [x, y];
      this.#told.set(id, moved[id]);
    }
    const gone = [...this.#told.keys()].filter((id) => !players.has(id));
    for (const id of gone) this.#told.delete(id);

    if (!this.#welcomed) {
      const self = players.get(this.sessionId);
      if (!self) return;
      this.#json({ type: "welcome", id: this.sessionId, name: self.name, x: self.x, y: self.y, step: STEP, map });
      this.#welcomed = true;
    }
    if (gone.length > 0 || Object.keys(moved).length > 0) this.#json({ type: "players", players: moved, gone });
  }

  #json(message: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}
