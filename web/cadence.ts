// Decides when a step is due: the first step of a walk immediately, then one step per tick.
import { TICK_MS } from "../sim/rules.ts";

/** Maximum number of steps due at once after a late frame. Further steps are lost, as they would be on the server. */
const MAX_AT_ONCE = 5;

/**
 * Counts the steps that are due, one per tick of the world. Each walk starts a beat of its own. With a beat that never
 * stops, such as that of the SDK's `predict.tick`, a key press would wait up to a tick before the player moves.
 */
export class Cadence {
  #next = 0;

  /** Returns the steps that are due at `now`. While the player stands, no steps are due or saved up. */
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
