// Plays a recording at a pace: which tick it is at each moment, and who is where between two ticks.
import type { Recording } from "../replay/format.ts";
import { Replay } from "../replay/replay.ts";
import type { WorldMap } from "../sim/map.ts";
import { TICK_HZ } from "../sim/rules.ts";
import type { Body } from "../sim/step.ts";

/** How fast one can play, as multiples of the game's own pace. */
export const SPEEDS = [1, 2, 4, 8] as const;

/** Milliseconds of one frame that count: a page that was in the background goes on where it was. */
const LONGEST_FRAME_MS = 250;

/** A body as it is seen: between two places when it is between two ticks. */
export interface Seen extends Body {
  name: string;
}

/** A recording on the page. Its time is in ticks, and counted from the recording's beginning. */
export class Playback {
  readonly ticks: number;
  playing = false;
  speed: number = SPEEDS[0];
  readonly #first: number;
  readonly #replay: Replay;
  /** The time, with the part of a tick that has passed. The replay has done each tick that has begun. */
  #time = 0;
  #before = new Map<string, Body>();

  /** @param map the one that the recording fits. */
  constructor(recording: Recording, map: WorldMap) {
    this.#first = recording.firstTick;
    this.ticks = recording.lastTick - recording.firstTick;
    this.#replay = new Replay(recording, map);
  }

  /** The time in ticks. */
  get time(): number {
    return this.#time;
  }

  /** What differs from the recording, or is at fault, in what was played; undefined as long as nothing is. */
  get trouble(): string | undefined {
    const { fault, difference } = this.#replay;
    return fault ? `${fault.player} ${fault.fault}` : difference?.what;
  }

  /** Lets so many milliseconds pass. At its end it stops. */
  pass(milliseconds: number): void {
    if (!this.playing) return;
    const way = (Math.min(milliseconds, LONGEST_FRAME_MS) / 1000) * TICK_HZ * this.speed;
    this.#time = Math.min(this.ticks, this.#time + way);
    while (this.#replay.tick - this.#first < Math.ceil(this.#time)) {
      this.#before = places(this.#replay.bodies());
      if (!this.#replay.advance()) break;
    }
    if (this.#time >= this.ticks) this.playing = false;
  }

  /** Goes to a whole tick. */
  seek(tick: number): void {
    this.#time = Math.max(0, Math.min(this.ticks, Math.round(tick)));
    this.#replay.seek(this.#first + this.#time);
    this.#before = places(this.#replay.bodies());
  }

  /** Everybody, by session id, as they are seen now. */
  bodies(): Map<string, Seen> {
    const part = 1 - (Math.ceil(this.#time) - this.#time);
    const seen = new Map<string, Seen>();
    for (const [id, { name = id, x, y, facing }] of this.#replay.bodies()) {
      const before = this.#before.get(id) ?? { x, y };
      const between = (from: number, to: number) => from + (to - from) * part;
      seen.set(id, { name, x: between(before.x, x), y: between(before.y, y), facing });
    }
    return seen;
  }
}

/** Where everybody is, as a copy: the replay moves the bodies themselves. */
function places(bodies: Map<string, Body>): Map<string, Body> {
  return new Map([...bodies].map(([id, { x, y, facing }]) => [id, { x, y, facing }]));
}
