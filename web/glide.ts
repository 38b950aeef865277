// Draws a body that jumps a step per tick as one that walks: the drawn point follows the true one at walking speed.
import { STEP, TICK_HZ } from "../sim/rules.ts";

const WALKING = (STEP * TICK_HZ) / 1000;

/** Part of the way back that a correction is made up for in each millisecond. */
const CATCH_UP = 0.01;

/** Units beyond which it is no walk but another place. */
const JUMP = 96;

/** A point that follows another one. */
export class Glide {
  x: number;
  y: number;

  constructor({ x, y }: { x: number; y: number }) {
    this.x = x;
    this.y = y;
  }

  /** Moves on towards where the body is, for a frame of so many milliseconds. */
  follow({ x, y }: { x: number; y: number }, milliseconds: number): void {
    this.x = approach(this.x, x, milliseconds);
    this.y = approach(this.y, y, milliseconds);
  }
}

function approach(from: number, to: number, milliseconds: number): number {
  const way = to - from;
  if (Math.abs(way) > JUMP) return to;
  const most = Math.max(WALKING, Math.abs(way) * CATCH_UP) * milliseconds;
  return Math.abs(way) <= most ? to : from + Math.sign(way) * most;
}
