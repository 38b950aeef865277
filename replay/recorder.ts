// Writes down what a world is given, as frames: no world, no file, no clock. Who calls it has both.
import { hashOfPlayers } from "../sim/hash.ts";
import type { Spot } from "../sim/nearest-free.ts";
import { TICK_HZ } from "../sim/rules.ts";
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
  /** By slot: how the world stood at the last check. */
  #seen: (Seen | undefined)[] = [];
  /** Ticks that are done. */
  tick = 0;

  constructor(emit: (bytes: Uint8Array<ArrayBuffer>, kind: number, tick: number) => void) {
    this.#emit = emit;
  }

  /** A call, with arguments that are JSON. The first of them is the player. */
  call(name: Call, id: string, ...values: unknown[]): void {
    this.#writer.varint(OP.call);
    this.#writer.text(JSON.stringify([name, id, ...values]));
    if (name === "join") this.#seen[this.#slots.take(id)] = undefined;
    if (name === "leave") this.#slots.release(id);
  }

  /** A step that waits now. */
  move(id: string, direction: number): void {
    const slot = this.#slots.of(id);
    // Nobody's move moves nobody.
    if (slot !== undefined) this.#code(slot, direction, direction >= 1 && direction <= 4, OP.move, OP.otherMove);
  }

  /** A predicted input that the tick which is under way has taken. */
  input(id: string, code: number): void {
    this.#code(this.#slots.of(id) ?? 0, code, code >= 0 && code <= 4, OP.input, OP.otherInput);
  }

  /** The tick that was under way is done. */
  ticked(): void {
    this.#writer.varint(OP.tick);
    this.tick++;
  }

  /** Where a player was at the last check, if it was there. */
  lastSeen(id: string): Spot | undefined {
    return this.#seen[this.#slots.of(id) ?? -1];
  }

  /** Ends a frame, usually of a second, with how the world stands: its hash, and everybody who is elsewhere than before. */
  check(players: readonly PlayerInWorld[]): void {
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

  /** A usual code is part of the event, another one follows it. */
  #code(slot: number, code: number, isUsual: boolean, usual: number, other: number): void {
    this.#writer.varint(slot * 16 + (isUsual ? usual + code : other));
    if (!isUsual) this.#writer.varint(code & 0x7fffffff);
  }
}

/** A body as a check has it: whole numbers, so that a broken world can be written down as well. */
export function seenOf({ x, y, facing }: { x: number; y: number; facing: number }): Seen {
  return { x: bounded(x), y: bounded(y), facing: bounded(facing) };
}

function bounded(value: number): number {
  return Math.max(-0xfffffff, Math.min(0xfffffff, Math.trunc(value) || 0));
}
