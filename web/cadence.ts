// Decides when the next step of the user's player is due: the first step of a walk immediately, then one step per tick.
import { TICK_MS } from "../sim/rules.ts";

/** If a frame is up to this many ticks late, all missed steps are due. If it is even later, only one step is due. */
const MAX_AT_ONCE = 5;

/**
 * Counts the steps that are due, one per tick of the world. The ticks are counted from the key press that starts the
 * walk. A clock that never stops, such as the SDK's `predict.tick`, would delay the first step until the clock's next
 * tick.
 */
export class Cadence {
  #next = 0;

  /** Returns the number of steps that are due at `now`. While the player stands, none are due, and none accumulate. */
  due(now: number, walking: boolean): number {
    if (!walking) {
      this.#next = Math.max(this.#next, now);
      return 0;
    }
    if (now - this.#next > MAX_AT_ONCE * TICK_MS) this.#next = now;
    let steps = 0;
    for (; this.#next <= now; this.#next += TICK_MS) steps++;
    return steps;
  }
}
