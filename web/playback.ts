// Plays a recording: keeps its time, and interpolates the players' positions between two ticks.
import type { Recording } from "../replay/format.ts";
import { Replay } from "../replay/replay.ts";
import type { WorldMap } from "../sim/map.ts";
import { TICK_HZ } from "../sim/rules.ts";
import type { Body } from "../sim/step.ts";

/** Playback speeds, as multiples of the game's speed. */
export const SPEEDS = [1, 2, 4, 8] as const;

/** Maximum milliseconds that a frame counts for. So a page that was in the background continues where it was. */
const MAX_FRAME_MS = 250;

/** A body as it is drawn: its position is interpolated between two ticks. */
export interface DrawnBody extends Body {
  name: string;
}

/** A recording on the page. Its time is in ticks since the start of the recording. */
export class Playback {
  readonly ticks: number;
  playing = false;
  speed: number = SPEEDS[0];
  readonly #first: number;
  readonly #replay: Replay;
  /** The time, with a fraction of a tick. The replay has run every tick that has started. */
  #time = 0;
  #before = new Map<string, Body>();

  /** @param map the map of the recording. */
  constructor(recording: Recording, map: WorldMap) {
    this.#first = recording.firstTick;
    this.ticks = recording.lastTick - recording.firstTick;
    this.#replay = new Replay(recording, map);
  }

  /** The time in ticks. */
  get time(): number {
    return this.#time;
  }

  /** A description of the first difference from the recording, or of a broken rule; undefined if there is none. */
  get trouble(): string | undefined {
    const { fault, divergence } = this.#replay;
    return fault ? `${fault.player} ${fault.fault}` : divergence?.message;
  }

  /** While playing, advances the time by this many milliseconds of real time, times the speed. Stops at the end. */
  advance(milliseconds: number): void {
    if (!this.playing) return;
    const elapsedTicks = (Math.min(milliseconds, MAX_FRAME_MS) / 1000) * TICK_HZ * this.speed;
    this.#time = Math.min(this.ticks, this.#time + elapsedTicks);
    while (this.#replay.tick - this.#first < Math.ceil(this.#time)) {
      this.#before = copyOf(this.#replay.bodies());
      if (!this.#replay.advance()) break;
    }
    if (this.#time >= this.ticks) this.playing = false;
  }

  /** Goes to a tick. */
  seek(tick: number): void {
    this.#time = Math.max(0, Math.min(this.ticks, Math.round(tick)));
    this.#replay.seek(this.#first + this.#time);
    this.#before = copyOf(this.#replay.bodies());
  }

  /** Returns all players as they are drawn now, by session id. */
  bodies(): Map<string, DrawnBody> {
    const fraction = 1 - (Math.ceil(this.#time) - this.#time);
    const drawn = new Map<string, DrawnBody>();
    for (const [id, { name = id, x, y, facing }] of this.#replay.bodies()) {
      const before = this.#before.get(id) ?? { x, y };
      const interpolate = (from: number, to: number) => from + (to - from) * fraction;
      drawn.set(id, { name, x: interpolate(before.x, x), y: interpolate(before.y, y), facing });
    }
    return drawn;
  }
}

/** Copies the bodies, because the replay changes them in place. */
function copyOf(bodies: Map<string, Body>): Map<string, Body> {
  return new Map([...bodies].map(([id, { x, y, facing }]) => [id, { x, y, facing }]));
}
