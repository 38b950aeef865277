// Judges what one client of a cluster sees of its own player, frame by frame. Does not depend on servers or networks.
import { clamp, DIRECTIONS, MOVE, MOVES_HZ, STEP } from "../../../harness/arena.ts";
import { Stillness } from "./stillness.ts";

/** A position in units. */
export interface Position {
  x: number;
  y: number;
}

/** The maximum number of queued inputs per player. The server drops the oldest inputs if there are more. */
const QUEUE_LIMIT = 8;

/** Units that a player may walk per millisecond: one step per tick. */
const UNITS_PER_MS = 0.16;

/**
 * A frame may be late, so it may show more steps than fit into the time since the last frame. The limits allow the
 * steps of this many additional milliseconds.
 */
const LATE_MS = 1000;

/** Milliseconds between two moves of a client. */
export const MOVE_MS = 1000 / MOVES_HZ;

/** The maximum number of errors that are kept for each client and round. */
const MAX_FAULTS = 3;

/** The observations of one client in one round. */
export interface RoundFigures {
  /** The longest time without an applied input, in milliseconds, as `Stillness` measures it. */
  stillMs: number;
  /** Whether the connection was closed or lost. */
  wasMoved: boolean;
  /** Movements that the client's inputs do not allow. */
  faults: string[];
}

/** A client's own player, as the client's frames show it. */
export class Track {
  /** The directions of the inputs that are not acknowledged yet, by input number. */
  readonly #sent = new Map<number, number>();
  #position: Position | undefined;
  #acknowledged = 0;
  /** Whether the server may have dropped an input since the last frame. */
  #mayHaveDropped = false;
  /** Units that the player may walk at this moment. */
  #allowance = 0;
  #lastFrameAt = 0;
  readonly #stillness = new Stillness(MOVE_MS);
  /** Moves of a plain WebSocket that were sent and not seen yet. */
  #unseen = 0;
  #wasMoved = false;
  #faults: string[] = [];

  /** The last position that the client has seen. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** Begins a round. */
  begin(now: number): void {
    this.#stillness.begin(now);
    this.#wasMoved = false;
    this.#faults = [];
  }

  /** Returns what the client has seen in the round so far. */
  figures(now: number): RoundFigures {
    return { stillMs: this.#stillness.longest(now), wasMoved: this.#wasMoved, faults: this.#faults };
  }

  /** Called when the client has sent an input. @param direction an index of DIRECTIONS. */
  sent(number: number, direction: number): void {
    this.#stillness.sent();
    this.#sent.set(number, direction);
    if (this.#sent.size > QUEUE_LIMIT) this.#mayHaveDropped = true;
  }

  /**
   * Called when the client has received a frame.
   * @param acknowledged the number of the last input that the server has processed.
   */
  frame(now: number, acknowledged: number, { x, y }: Position): void {
    this.#stillness.frame(now);
    const inputs: number[] = [];
    for (let number = this.#acknowledged + 1; number <= acknowledged; number++) {
      const direction = this.#sent.get(number);
      if (direction !== undefined) inputs.push(direction);
      this.#sent.delete(number);
    }
    if (this.#position) {
      this.#judgeInputs(this.#position, { x, y }, inputs);
      this.#judgeSpeed(now, this.#position, { x, y });
    }
    if (acknowledged > this.#acknowledged) this.#stillness.applied(now, this.#sent.size > 0);
    if (this.#sent.size <= QUEUE_LIMIT) this.#mayHaveDropped = false;
    this.#acknowledged = acknowledged;
    this.#position = { x, y };
  }

  /** Called when a plain WebSocket has sent a move. */
  plainSent(): void {
    this.#stillness.sent();
    this.#unseen++;
  }

  /** Called when a plain WebSocket has received a frame. Such frames acknowledge no inputs. */
  plainFrame(now: number, { x, y }: Position): void {
    this.#stillness.frame(now);
    if (this.#position) {
      this.#judgeSpeed(now, this.#position, { x, y });
      const steps = distanceOf(this.#position, { x, y }) / STEP;
      this.#unseen = Math.max(0, this.#unseen - steps);
      if (steps > 0) this.#stillness.applied(now, this.#unseen > 0);
    } else {
      this.#stillness.applied(now, false);
    }
    this.#position = { x, y };
  }

  /** Called when the connection was closed or lost. */
  dropped(): void {
    this.#wasMoved = true;
    this.#stillness.lost();
  }

  /**
   * Called when the client has reconnected to its session. The input numbers then restart from the beginning. The
   * server may have applied any of the inputs that it has not acknowledged.
   */
  reconnected(now: number, position: Position): void {
    if (this.#position) {
      const farthest = Math.min(this.#sent.size, this.#reach(now)) * STEP;
      const distance = distanceOf(this.#position, position);
      if (distance > farthest)
        this.#fault(`is ${distance} units from where it was, after ${this.#sent.size} unacknowledged inputs`);
    }
    this.#stillness.ready(now);
    this.#sent.clear();
    this.#acknowledged = 0;
    this.#mayHaveDropped = false;
    this.#position = position;
    this.#allowance = 0;
    this.#lastFrameAt = now;
  }

  /** Called when the client has joined again, as another player. */
  rejoined(): void {
    this.#sent.clear();
    this.#unseen = 0;
    this.#position = undefined;
    this.#acknowledged = 0;
    this.#lastFrameAt = 0;
  }

  /** Returns the maximum number of steps in the time since the last frame plus LATE_MS, rounded up. */
  #reach(now: number): number {
    return Math.ceil(((now - this.#lastFrameAt + LATE_MS) * UNITS_PER_MS) / STEP);
  }

  #judgeInputs(from: Position, to: Position, inputs: readonly number[]): void {
    const distance = distanceOf(from, to);
    if (distance > inputs.length * STEP) {
      this.#fault(`moved ${distance} units with ${inputs.length} inputs`);
    } else if (!this.#mayHaveDropped) {
      const expected = inputs.reduce(walked, from);
      if (expected.x !== to.x || expected.y !== to.y)
        this.#fault(`is at ${to.x},${to.y}; its inputs lead to ${expected.x},${expected.y}`);
    }
  }

  #judgeSpeed(now: number, from: Position, to: Position): void {
    const elapsed = this.#lastFrameAt === 0 ? 0 : now - this.#lastFrameAt;
    this.#lastFrameAt = now;
    const max = UNITS_PER_MS * (elapsed + LATE_MS);
    this.#allowance = Math.min(max, this.#allowance + UNITS_PER_MS * elapsed);
    const distance = distanceOf(from, to);
    this.#allowance -= distance;
    if (this.#allowance < -UNITS_PER_MS * LATE_MS) {
      this.#fault(`moved ${distance} units in ${elapsed.toFixed(0)} ms, and was too fast before`);
      this.#allowance = 0;
    }
  }

  #fault(text: string): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push(text);
  }
}

function distanceOf(a: Position, b: Position): number {
  return Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
}

/** Returns the position after one step in the arena, which has no walls. */
function walked({ x, y }: Position, direction: number): Position {
  const step = MOVE[DIRECTIONS[direction]!];
  return { x: clamp(x + step.x), y: clamp(y + step.y) };
}
