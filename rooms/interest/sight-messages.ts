// Messages of a player to all clients that have this player in sight, such as a text that the player says. A message
// waits for the next tick. Each client is then sent its patch, followed by the message, in the same write.
import { getMessageBytes, Protocol } from "colyseus";
import { TICK_HZ } from "../../sim/rules.ts";
import type { CellIndex } from "./cell-index.ts";
import { frameOf, MAX_PAYLOAD } from "./frame-header.ts";
import type { Grid } from "./grid.ts";
import type { TrackedPlayer } from "./player-codec.ts";

/** A message of one player. It is encoded once for all clients. */
export interface SightMessage {
  readonly sessionId: string;
  readonly type: string;
  readonly content: object;
  /** The complete WebSocket frame. */
  readonly frame: Buffer;
  /** The size of the frame's payload in bytes. */
  readonly bytes: number;
}

/** The share of a client's bytes per tick that messages may use. */
const MESSAGE_SHARE = 0.5;

/** The maximum number of messages that wait for the next tick. Further messages are dropped. */
export const MAX_WAITING = 4096;

const NO_MESSAGES: readonly SightMessage[] = [];

/**
 * Returns the payload of a message's frame.
 * @throws {RangeError} if the message is too large for a frame.
 */
export function sightPayload(type: string, content: object): Buffer {
  const payload = getMessageBytes.raw(Protocol.ROOM_DATA, type, content);
  if (payload.length > MAX_PAYLOAD)
    throw new RangeError(`the message \`${type}\` has ${payload.length} bytes; the maximum is ${MAX_PAYLOAD}`);
  return payload;
}

/** The messages of a tick, by the cell of the clients that get them. */
export class SightMessages {
  readonly #grid: Grid;
  readonly #cellIndex: CellIndex<TrackedPlayer>;
  readonly #bytesPerTick: number;
  #queue: SightMessage[] = [];
  /** The messages of this tick. */
  #current: readonly SightMessage[] = NO_MESSAGES;
  readonly #heard: (SightMessage[] | undefined)[];
  #tick = 0;
  /**
   * By cell: the bytes that messages to each client in the cell may still use, as of the tick `#creditAt`. The credit
   * grows by `#bytesPerTick` in each tick, up to the bytes of one second. It is negative if the last message had more
   * bytes than were left.
   */
  readonly #credit: Float64Array;
  readonly #creditAt: Uint32Array;
  /** By cell: the bytes of the messages that each of its clients gets in this tick. */
  readonly bytes: Float64Array;

  /** @param bytesPerTick the bytes per tick that each client may be sent; Infinity for no limit. */
  constructor(grid: Grid, cellIndex: CellIndex<TrackedPlayer>, bytesPerTick: number) {
    this.#grid = grid;
    this.#cellIndex = cellIndex;
    this.#bytesPerTick = bytesPerTick * MESSAGE_SHARE;
    this.#heard = new Array(grid.size);
    this.bytes = new Float64Array(grid.size);
    this.#credit = new Float64Array(grid.size).fill(this.#bytesPerTick * TICK_HZ);
    this.#creditAt = new Uint32Array(grid.size);
  }

  /** The number of messages that wait for the next tick. */
  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Adds a message of a player to the next tick. Drops the message if MAX_WAITING messages already wait.
   * @throws {RangeError} if the message is too large for a frame.
   */
  add(sessionId: string, type: string, content: object): void {
    const payload = sightPayload(type, content);
    if (this.#queue.length >= MAX_WAITING) return;
    this.#queue.push({ sessionId, type, content, frame: frameOf(payload), bytes: payload.length });
  }

  /**
   * Begins a tick: decides in which cells each waiting message is heard. The cell index must be up to date. A message
   * is dropped in all cells if its player has left. It is dropped in one cell if the clients of that cell have been
   * sent too many messages.
   */
  beginTick(): void {
    if (this.#current.length > 0) {
      this.#heard.fill(undefined);
      this.bytes.fill(0);
    }
    this.#current = this.#queue;
    this.#queue = [];
    this.#tick++;
    for (const message of this.#current) {
      const speaker = this.#cellIndex.get(message.sessionId);
      if (speaker) this.#grid.eachInSight(speaker.cell, (cell) => this.#deliver(message, cell));
    }
  }

  /**
   * Returns the messages of this tick for the clients in a cell, oldest first.
   * @param skipped how many of this tick's messages to leave out, beginning with the oldest. They already waited when
   * the client got its full state, so they are older than this state.
   */
  heardIn(cell: number, skipped: number): readonly SightMessage[] {
    const heard = this.#heard[cell] ?? NO_MESSAGES;
    return skipped === 0 ? heard : heard.filter((message) => this.#current.indexOf(message) >= skipped);
  }

  #deliver(message: SightMessage, cell: number): void {
    const ticks = this.#tick - this.#creditAt[cell]!;
    if (ticks > 0) {
      const budget = this.#bytesPerTick;
      this.#credit[cell] = Math.min(this.#credit[cell]! + ticks * budget, TICK_HZ * budget);
      this.#creditAt[cell] = this.#tick;
    }
    if (this.#credit[cell]! <= 0) return;
    this.#credit[cell]! -= message.bytes;
    this.bytes[cell]! += message.bytes;
    const heard = this.#heard[cell];
    if (heard) heard.push(message);
    else this.#heard[cell] = [message];
  }
}
