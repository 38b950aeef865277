// A connection of this process to a room of the cluster: the real socket of a client.
import { randomBytes } from "node:crypto";
import { type Client, Protocol, ProtocolModifier } from "colyseus";
import type { MirroredRoom } from "./mirror/mirrored-room.ts";
import { SchemaReader } from "./mirror/schema-bytes.ts";

/** The bits of a frame's first byte that hold the code, without the modifier. */
const CODE_BITS = 0xff & ~ProtocolModifier.TIMED;

/** Milliseconds for which a connection of a new session counts as new. */
const NEW_MS = 5000;

/** The number of random bytes in the id of a connection. */
const ID_BYTES = 6;

/** A client of the framework: an SDK client or a plain one. */
export type LocalClient = Pick<Client, "sessionId" | "state" | "raw" | "leave">;

/** A close frame that the rooms want to send. */
interface Closing {
  readonly code: number;
  readonly reason: string | undefined;
}

/** A connection. It exists as soon as its client has asked for it, even before the client has a seat. */
export class ReplicaConnection {
  readonly id = randomBytes(ID_BYTES).toString("base64url");
  readonly session: string;
  readonly roomId: string;
  /** When the client asked for the connection, by `performance.now()`. */
  readonly openedAt = performance.now();
  readonly #isReturning: boolean;
  /** Undefined until the rooms have given the client its seat. */
  #client: LocalClient | undefined;
  #room: MirroredRoom | undefined;
  /** Frames that wait until the client has its seat and its player is mirrored. Undefined if frames need not wait. */
  #waiting: Uint8Array[] | undefined = [];
  #closing: Closing | undefined;
  /** Whether the connection is being closed. */
  isClosing = false;

  /** @param isReturning whether the client returns to its seat. */
  constructor(session: string, roomId: string, isReturning: boolean) {
    this.session = session;
    this.roomId = roomId;
    this.#isReturning = isReturning;
  }

  /** Whether the client joined less than five seconds ago. The SDK does not reconnect so soon after a join. */
  get isNew(): boolean {
    return !this.#isReturning && performance.now() - this.openedAt < NEW_MS;
  }

  /** Whether frames to the client wait, for its seat or for the changes of a tick. */
  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** Called when the client has its seat. @param room the mirrored room; undefined if it is not mirrored yet. */
  open(client: LocalClient, room: MirroredRoom | undefined): void {
    this.#client = client;
    this.#flush(room);
    if (this.#closing) this.close(this.#closing.code, this.#closing.reason);
  }

  /** Passes a frame on to the client. Called when all changes that were published before the frame are applied. */
  receive(frame: Uint8Array, room: MirroredRoom | undefined): void {
    if (this.#waiting) this.#waiting.push(frame);
    else this.#pass(frame, room, false);
  }

  /** Called after the changes of a tick. Sends the frames that have waited for these changes. */
  applied(room: MirroredRoom | undefined): void {
    if (this.#client && this.#waiting && room) this.#flush(room, true);
  }

  /** Closes the connection. */
  close(code: number, reason?: string): void {
    this.isClosing = true;
    if (this.#client) this.#client.leave(code, reason);
    else this.#closing = { code, reason };
  }

  /** Called when the connection has ended. */
  ended(): void {
    if (this.#client) this.#room?.remove(this.#client as Client);
  }

  #flush(room: MirroredRoom | undefined, hasChanges = false): void {
    const frames = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const frame of frames) {
      if (this.#waiting) (this.#waiting as Uint8Array[]).push(frame);
      else this.#pass(frame, room, hasChanges);
    }
  }

  /** Sends a frame to the client. @param hasChanges whether changes were applied after the frame arrived. */
  #pass(frame: Uint8Array, room: MirroredRoom | undefined, hasChanges: boolean): void {
    const client = this.#client!;
    if ((frame[0]! & CODE_BITS) !== Protocol.ROOM_STATE) client.raw(frame as Buffer);
    // The player might not be mirrored yet. The next changes add the player.
    else if (!room || (!room.players.of(this.session) && !hasChanges)) this.#waiting = [frame];
    else {
      const source = new SchemaReader(frame);
      source.byte();
      this.#room = room;
      room.show(client as Client, source.number());
    }
  }
}
