// Smooths the movement of a body that moves one step per tick: the drawn point follows the body at walking speed.
import { STEP, TICK_HZ } from "../sim/rules.ts";

/** The walking speed of a body, in units per millisecond. */
const WALKING_SPEED = (STEP * TICK_HZ) / 1000;

/** Share of the remaining distance that the drawn point covers per millisecond after a correction by the server. */
const CATCH_UP_RATE = 0.01;

/** Maximum distance on an axis, in units. If the body is farther away, the drawn point jumps to it on this axis. */
const MAX_GLIDE = 96;

/** A point that follows a body. */
export class Glide {
  x: number;
  y: number;

  constructor({ x, y }: { x: number; y: number }) {
    this.x = x;
    this.y = y;
  }

  /** Moves towards the body for a frame that lasted this many milliseconds. */
  follow({ x, y }: { x: number; y: number }, milliseconds: number): void {
    this.x = approach(this.x, x, milliseconds);
    this.y = approach(this.y, y, milliseconds);
  }
}

function approach(from: number, to: number, milliseconds: number): number {
  const distance = to - from;
  if (Math.abs(distance) > MAX_GLIDE) return to;
  const limit = Math.max(WALKING_SPEED, Math.abs(distance) * CATCH_UP_RATE) * milliseconds;
  return Math.abs(distance) <= limit ? to : from + Math.sign(distance) * limit;
}
