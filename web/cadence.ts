// When a step is due: one per tick, the first of a walk at once.
import { TICK_MS } from "../sim/rules.ts";

/** Steps given at once after a frame that came late; what is beyond is lost, as it would be on the server. */
const MOST_AT_ONCE = 5;

/**
 * Counts steps out at the pace of the world's ticks. Its beat starts with each walk: on a beat that never stops, as
 * that of the SDK's `predict.tick`, a key press waits up to a tick before anything moves.
 */
export class Cadence {
  #next = 0;

  /** Steps due at `now` for who walks; none for who does not, and none is saved up. */
  due(now: number, walking: boolean): number {
    if (!walking) {
      this.#next = Math.max(this.#next, now);
      return 0;
    }
    if (now - this.#next > MOST_AT_ONCE * TICK_MS) this.#next = now;
    let steps = 0;
    for (; this.#next <= now; this.#next += TICK_MS) steps++;
    return steps;
  }
}
