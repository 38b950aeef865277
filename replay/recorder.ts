// Encodes the calls and inputs of a world as frames. It does not access a world, a file or a clock; its caller does.
import type { Input } from "../sim/apply-input.ts";
import { hashOfPlayers } from "../sim/hash.ts";
import type { Spot } from "../sim/nearest-free.ts";
import { QUEUE_LIMIT, TICK_HZ } from "../sim/rules.ts";
import type { PlayerInWorld } from "../sim/world.ts";
import { ByteWriter } from "./bytes.ts";
import { type Call, frame, jsonFrame, KIND, OP } from "./format.ts";
import { PlayerIds } from "./player-ids.ts";

/** Ticks between two snapshots. A seek replays at most this many ticks, and the ring buffer drops this many at once. */
export const SNAPSHOT_TICKS = 60 * TICK_HZ;

/**
 * The tick is multiplied by this number in `#moveCounts`. The number must be larger than QUEUE_LIMIT, the maximum
 * number of moves that are counted per tick.
 */
const COUNTER_STEP = 2 * QUEUE_LIMIT;

/** The recorded position and direction of a body. */
export interface Pose extends Spot {
  readonly facing: number;
}

/** Encodes the calls and inputs of a world as frames. */
export class Recorder {
  readonly #writer = new ByteWriter();
  readonly #playerIds = new PlayerIds();
  readonly #emit: (bytes: Uint8Array<ArrayBuffer>, kind: number, tick: number) => void;
  readonly #blankInput: Input;
  /**
   * By slot: `tick * COUNTER_STEP + count`. `tick` is the tick of the player's last move. `count` is the number of
   * moves recorded in that tick. A new tick makes older counts invalid, so nothing is reset per tick.
   */
  readonly #moveCounts: number[] = [];
  /**
   * By slot: the last moves of a flood, in which a player sends more moves per tick than its queue holds. These
   * last moves are written before the next event of another kind.
   */
  readonly #flood = new Map<number, Input[]>();
  readonly #fields: (keyof Input)[];
  readonly #otherFields: (keyof Input)[];
  /** By slot: the pose at the last check. */
  #poses: (Pose | undefined)[] = [];
  /** The number of completed ticks. */
  tick = 0;

  /**
   * @param emit called with each complete frame.
   * @param blankInput a no-op input with all fields that an input can have.
   */
  constructor(emit: (bytes: Uint8Array<ArrayBuffer>, kind: number, tick: number) => void, blankInput: Input) {
    this.#emit = emit;
    this.#blankInput = blankInput;
    this.#fields = Object.keys(blankInput) as (keyof Input)[];
    this.#otherFields = this.#fields.filter((field) => field !== "direction");
  }

  /** Records a call of a method of the world for the player `id`. The other arguments must be JSON. */
  call(name: Call, id: string, ...values: unknown[]): void {
    this.#writeFlood();
    this.#writer.varint(OP.call);
    this.#writer.text(JSON.stringify([name, id, ...values]));
    if (name === "join") this.#poses[this.#playerIds.assign(id)] = undefined;
    if (name === "leave") this.#playerIds.release(id);
  }

  /**
   * Records a queued move. Keeps only the first QUEUE_LIMIT and the last QUEUE_LIMIT moves of a player per tick. The
   * queue drops the moves in between anyway, so a flood of moves adds few bytes.
   */
  move(id: string, input: Input): void {
    const slot = this.#playerIds.slotOf(id);
    // A player without a slot is not in the world, so its move has no effect.
    if (slot === undefined) return;
    const none = this.tick * COUNTER_STEP;
    const count = Math.max(none, this.#moveCounts[slot] ?? 0);
    if (count < none + QUEUE_LIMIT) {
      this.#moveCounts[slot] = count + 1;
      this.#input(slot, input, input.direction >= 1, OP.move, OP.otherMove);
      return;
    }
    const moves = this.#flood.get(slot);
    if (!moves) this.#flood.set(slot, [input]);
    else if (moves.push(input) > QUEUE_LIMIT) moves.shift();
  }

  /** Records a predicted input that the current tick consumes. */
  input(id: string, input: Input): void {
    this.#writeFlood();
    this.#input(this.#playerIds.slotOf(id) ?? 0, input, input.direction >= 0, OP.input, OP.otherInput);
  }

  /** Records that the current tick is complete. */
  ticked(): void {
    this.#writeFlood();
    this.#writer.varint(OP.tick);
    this.tick++;
  }

  /** Returns a player's pose at the last check; undefined if the player was not in the world at that time. */
  lastPose(id: string): Pose | undefined {
    return this.#poses[this.#playerIds.slotOf(id) ?? -1];
  }

  /**
   * Records a check, and emits the frame with all events since the last check. These are usually the events of one
   * second. The check consists of the hash of the world, and the pose of each player whose pose has changed since the
   * last check.
   */
  check(players: readonly PlayerInWorld[]): void {
    this.#writeFlood();
    this.#writer.varint(OP.check);
    this.#writer.uint32(hashOfPlayers(players));
    for (const { id, body } of players) {
      const slot = this.#playerIds.slotOf(id)!;
      const pose = poseOf(body);
      const before = this.#poses[slot];
      if (before && before.x === pose.x && before.y === pose.y && before.facing === pose.facing) continue;
      this.#poses[slot] = pose;
      this.#writer.varint(slot);
      this.#writer.signed(pose.x);
      this.#writer.signed(pose.y);
      this.#writer.signed(pose.facing);
    }
    this.#emit(frame(KIND.second, this.tick, this.#writer.take()), KIND.second, this.tick);
  }

  /** Emits a snapshot of the world. The frames after it can be played without the frames before it. */
  snapshot(random: number, players: readonly PlayerInWorld[]): void {
    const slotted = players.map((player) => ({ slot: this.#playerIds.slotOf(player.id), ...player }));
    const bytes = jsonFrame(KIND.snapshot, this.tick, { random, players: slotted }, this.#writer);
    this.#emit(bytes, KIND.snapshot, this.tick);
  }

  /** Returns the end mark, the last frame of a file. */
  end(): Uint8Array<ArrayBuffer> {
    return frame(KIND.end, this.tick, new Uint8Array());
  }

  /** Writes the last moves of all floods. Each player's moves stay in order. The order of the players has no effect. */
  #writeFlood(): void {
    if (this.#flood.size === 0) return;
    for (const [slot, moves] of this.#flood) {
      for (const move of moves) this.#input(slot, move, move.direction >= 1, OP.move, OP.otherMove);
    }
    this.#flood.clear();
  }

  /**
   * Writes an input. The event's code contains the direction if the input has only a direction. Otherwise the input
   * follows the code as JSON.
   */
  #input(slot: number, input: Input, isInRange: boolean, common: number, other: number): void {
    if (isInRange && input.direction <= 4 && this.#hasOnlyDirection(input)) {
      this.#writer.varint(slot * 16 + common + input.direction);
      return;
    }
    this.#writer.varint(slot * 16 + other);
    this.#writer.text(JSON.stringify(Object.fromEntries(this.#fields.map((field) => [field, input[field]]))));
  }

  #hasOnlyDirection(input: Input): boolean {
    for (const field of this.#otherFields) {
      if (input[field] !== undefined && input[field] !== this.#blankInput[field]) return false;
    }
    return true;
  }
}

/** Returns the pose of a body. Converts the values to bounded integers, so that an invalid body can be recorded too. */
export function poseOf({ x, y, facing }: { x: number; y: number; facing: number }): Pose {
  return { x: bounded(x), y: bounded(y), facing: bounded(facing) };
}

function bounded(value: number): number {
  return Math.max(-0xfffffff, Math.min(0xfffffff, Math.trunc(value) || 0));
}
