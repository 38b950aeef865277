// Writes down what a world is given, as frames: no world, no file, no clock. Who calls it has both.
import type { Input } from "../sim/apply-input.ts";
import { hashOfPlayers } from "../sim/hash.ts";
import type { Spot } from "../sim/nearest-free.ts";
import { QUEUE_LIMIT, TICK_HZ } from "../sim/rules.ts";
import type { PlayerInWorld } from "../sim/world.ts";
import { ByteWriter } from "./bytes.ts";
import { type Call, frame, jsonFrame, KIND, OP } from "./format.ts";
import { PlayerIds } from "./player-ids.ts";

/** Ticks between two snapshots: what has to be played over to get to any tick, and what the ring forgets at a time. */
export const SNAPSHOT_TICKS = 60 * TICK_HZ;

/** Where a body was seen last. */
interface Seen extends Spot {
  readonly facing: number;
}

/** Turns what a world is given into frames. */
export class Recorder {
  readonly #writer = new ByteWriter();
  readonly #slots = new PlayerIds();
  readonly #emit: (bytes: Uint8Array<ArrayBuffer>, kind: number, tick: number) => void;
  readonly #blank: Input;
  /** By slot: the moves that were queued since the last event of another kind. */
  readonly #moves = new Map<number, Input[]>();
  readonly #fields: (keyof Input)[];
  /** By slot: how the world stood at the last check. */
  #seen: (Seen | undefined)[] = [];
  /** Ticks that are done. */
  tick = 0;

  /** @param blank an input that asks for nothing, with all fields that an input can have. */
  constructor(emit: (bytes: Uint8Array<ArrayBuffer>, kind: number, tick: number) => void, blank: Input) {
    this.#emit = emit;
    this.#blank = blank;
    this.#fields = Object.keys(blank) as (keyof Input)[];
  }

  /** A call, with arguments that are JSON. The first of them is the player. */
  call(name: Call, id: string, ...values: unknown[]): void {
    this.#writeMoves();
    this.#writer.varint(OP.call);
    this.#writer.text(JSON.stringify([name, id, ...values]));
    if (name === "join") this.#seen[this.#slots.take(id)] = undefined;
    if (name === "leave") this.#slots.release(id);
  }

  /** Records a move that was queued. Only those that still fit into the queue are written: a flood adds no bytes. */
  move(id: string, input: Input): void {
    const slot = this.#slots.of(id);
    // A move of an unknown player changes nothing.
    if (slot === undefined) return;
    const moves = this.#moves.get(slot);
    if (!moves) this.#moves.set(slot, [input]);
    else if (moves.push(input) > QUEUE_LIMIT) moves.shift();
  }

  /** Records a predicted input that the current tick has taken. */
  input(id: string, input: Input): void {
    this.#writeMoves();
    this.#input(this.#slots.of(id) ?? 0, input, input.direction >= 0, OP.input, OP.otherInput);
  }

  /** The tick that was under way is done. */
  ticked(): void {
    this.#writeMoves();
    this.#writer.varint(OP.tick);
    this.tick++;
  }

  /** Where a player was at the last check, if it was there. */
  lastSeen(id: string): Spot | undefined {
    return this.#seen[this.#slots.of(id) ?? -1];
  }

  /** Ends a frame, usually of a second, with how the world stands: its hash, and everybody who is elsewhere than before. */
  check(players: readonly PlayerInWorld[]): void {
    this.#writeMoves();
    this.#writer.varint(OP.check);
    this.#writer.uint32(hashOfPlayers(players));
    for (const { id, body } of players) {
      const slot = this.#slots.of(id)!;
      const seen = seenOf(body);
      const before = this.#seen[slot];
      if (before && before.x === seen.x && before.y === seen.y && before.facing === seen.facing) continue;
      this.#seen[slot] = seen;
      this.#writer.varint(slot);
      this.#writer.signed(seen.x);
      this.#writer.signed(seen.y);
      this.#writer.signed(seen.facing);
    }
    this.#emit(frame(KIND.second, this.tick, this.#writer.take()), KIND.second, this.tick);
  }

  /** Writes down the whole world. The seconds after it can be played without those before. */
  snapshot(random: number, players: readonly PlayerInWorld[]): void {
    const slotted = players.map((player) => ({ slot: this.#slots.of(player.id), ...player }));
    const bytes = jsonFrame(KIND.snapshot, this.tick, { random, players: slotted }, this.#writer);
    this.#emit(bytes, KIND.snapshot, this.tick);
  }

  /** The frame that ends a file; nothing comes after it. */
  end(): Uint8Array<ArrayBuffer> {
    return frame(KIND.end, this.tick, new Uint8Array());
  }

  /** Moves of different players do not affect each other, so only their order per player matters. */
  #writeMoves(): void {
    if (this.#moves.size === 0) return;
    for (const [slot, moves] of this.#moves) {
      for (const move of moves) this.#input(slot, move, move.direction >= 1, OP.move, OP.otherMove);
    }
    this.#moves.clear();
  }

  /** The direction of a common input is part of the event. Any other input follows it as JSON. */
  #input(slot: number, input: Input, isInRange: boolean, common: number, other: number): void {
    if (isInRange && input.direction <= 4 && this.#hasOnlyDirection(input)) {
      this.#writer.varint(slot * 16 + common + input.direction);
      return;
    }
    this.#writer.varint(slot * 16 + other);
    this.#writer.text(JSON.stringify(Object.fromEntries(this.#fields.map((field) => [field, input[field]]))));
  }

  #hasOnlyDirection(input: Input): boolean {
    for (const field of this.#fields) {
      if (field !== "direction" && input[field] !== undefined && input[field] !== this.#blank[field]) return false;
    }
    return true;
  }
}

/** A body as a check has it: whole numbers, so that a broken world can be written down as well. */
export function seenOf({ x, y, facing }: { x: number; y: number; facing: number }): Seen {
  return { x: bounded(x), y: bounded(y), facing: bounded(facing) };
}

function bounded(value: number): number {
  return Math.max(-0xfffffff, Math.min(0xfffffff, Math.trunc(value) || 0));
}
