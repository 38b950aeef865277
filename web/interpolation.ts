// Draws another player smoothly although updates arrive at irregular times: in a crowd, the server sends the nearest
// players in every tick, and the others about once per second.
import { STEP, TICK_MS } from "../sim/rules.ts";

/**
 * In any period, the number of a player's steps is at most the number of ticks plus this number. docs/protocol.md
 * explains the number.
 */
const EXTRA_STEPS = 10;

/** Maximum interval between two updates while a player walks. An interval is longer only if the player stood still. */
const MAX_INTERVAL_MS = 1500;

/**
 * After an early update, the expected interval shrinks towards the actual interval by this share of the difference. The
 * share is small, because the intervals of a distant player vary.
 */
const SHORTENING = 1 / 8;

/**
 * If an interval is longer than the expected interval times this factor, the player is assumed to have stood still in
 * the first part of the interval.
 */
const TOLERANCE = 1.5;

/**
 * Playback runs slower if it is ahead of its target time, and faster if it is behind. Its speed is chosen so that it
 * would reach the target time after CORRECTION_MS. MAX_SPEED_CHANGE is the largest change, as a share of the normal
 * speed.
 */
const CORRECTION_MS = 250;
const MAX_SPEED_CHANGE = 0.5;

/** Maximum number of updates that are kept. More would accumulate only while the page draws no frames. */
const MAX_UPDATES = 32;

interface Update {
  time: number;
  x: number;
  y: number;
}

function clamp(value: number, limit: number): number {
  return Math.min(Math.max(value, -limit), limit);
}

/**
 * The drawn position of one player. The player's updates are played back with a delay of their usual interval plus one
 * tick. So the next update has usually arrived before it is needed. The drawn position is never ahead of the last
 * update. If the interval changes, playback runs slower or faster, but does not jump.
 */
export class Interpolation {
  x: number;
  y: number;
  /** The last update at or before `#time`, and all later updates, oldest first. */
  readonly #updates: Update[];
  /** The expected milliseconds between two updates while the player walks. */
  #interval: number = TICK_MS;
  /** The time of the drawn position, on the server's clock. */
  #time: number;

  /** @param time the time of the position on the server's clock, in milliseconds. */
  constructor(time: number, { x, y }: { x: number; y: number }) {
    this.x = x;
    this.y = y;
    this.#time = time;
    this.#updates = [{ time, x, y }];
  }

  /** Receives the player's position at this time on the server's clock. Ignores a position that has not changed. */
  receive(time: number, { x, y }: { x: number; y: number }): void {
    const last = this.#updates.at(-1)!;
    if (x === last.x && y === last.y) return;
    const elapsed = time - last.time;
    const steps = (Math.abs(x - last.x) + Math.abs(y - last.y)) / STEP;
    if (steps > Math.min(elapsed, MAX_INTERVAL_MS) / TICK_MS + EXTRA_STEPS) {
      // A player cannot walk this distance in the elapsed time, so the server has moved the player. The earlier updates
      // are discarded, so that the player is drawn at the new position immediately.
      this.#updates.length = 0;
      this.#time = time;
    } else {
      this.#adapt(elapsed, steps);
      const walkMs = Math.max(this.#interval, steps * TICK_MS);
      if (elapsed > TOLERANCE * walkMs) this.#updates.push({ ...last, time: time - walkMs });
    }
    this.#updates.push({ time, x, y });
    while (this.#updates.length > MAX_UPDATES) this.#updates.shift();
    this.#time = Math.max(this.#time, this.#updates[0]!.time);
  }

  /**
   * Moves the drawn position for a frame.
   * @param now the current time on the server's clock, minus the time that an update takes to reach the page.
   * @param milliseconds the length of the frame.
   */
  advance(now: number, milliseconds: number): void {
    const target = now - this.#interval - TICK_MS;
    const next = this.#time + milliseconds;
    this.#playTo(next + milliseconds * clamp((target - next) / CORRECTION_MS, MAX_SPEED_CHANGE));
    const [from, to] = this.#updates as [Update, Update?];
    // While the player stands still, playback may skip time, because the drawn position does not change.
    if (to && from.x === to.x && from.y === to.y) this.#playTo(Math.max(this.#time, Math.min(target, to.time)));
    this.#draw();
  }

  /**
   * Adapts the expected interval. An update with a single step does not raise it, because the player may have stood
   * still before the step.
   */
  #adapt(elapsed: number, steps: number): void {
    if (elapsed < this.#interval) {
      this.#interval = Math.max(TICK_MS, this.#interval + (elapsed - this.#interval) * SHORTENING);
    } else if (steps > 1) {
      this.#interval = Math.min(elapsed, MAX_INTERVAL_MS);
    }
  }

  /** Moves the time of the drawn position, but not beyond the time of the last update. */
  #playTo(time: number): void {
    this.#time = Math.min(time, this.#updates.at(-1)!.time);
    while (this.#updates.length > 1 && this.#updates[1]!.time <= this.#time) this.#updates.shift();
  }

  #draw(): void {
    const [from, to = from] = this.#updates as [Update, Update?];
    const share = to === from ? 0 : (this.#time - from.time) / (to.time - from.time);
    this.x = from.x + (to.x - from.x) * share;
    this.y = from.y + (to.y - from.y) * share;
  }
}
