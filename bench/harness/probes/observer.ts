// Records what a probe's frames show of its own player and of the other probes, for the measurement of staleness.
import type { Probe } from "./probe.ts";
import { type Observations, reachOf, Track } from "./staleness.ts";

/**
 * The time of the positions that a probe shows before the walks begin. Both the room's clock and the clock of arrivals
 * give every frame a later time.
 */
const BEFORE = 0;

/** The observations of one probe. They begin while all players stand still. */
export class Observer implements Observations {
  readonly id: string;
  readonly own = new Track();
  readonly shown: Map<string, Track>;
  readonly reaches: Observations["reaches"] = [];
  readonly #probe: Probe;

  /** @param ids the ids of all probes. */
  constructor(probe: Probe, ids: readonly string[]) {
    this.#probe = probe;
    this.id = probe.id;
    this.shown = new Map(ids.filter((id) => id !== probe.id).map((id) => [id, new Track()]));
    this.#record(BEFORE);
  }

  /** Called when a frame has been decoded. `isMeasured` says whether the measuring window has begun. */
  decoded(at: number, isMeasured: boolean): void {
    this.#record(at);
    const own = this.#probe.own();
    if (isMeasured && own) this.reaches.push({ at, reach: reachOf(own, this.#probe.inSight()) });
  }

  #record(at: number): void {
    this.own.add(at, this.#probe.own());
    for (const [id, track] of this.shown) track.add(at, this.#probe.get(id));
  }
}
