// Plays a recording: advances its time, and interpolates the players' positions between two ticks.
import type { Recording } from "../replay/format.ts";
import { Replay } from "../replay/replay.ts";
import type { WorldMap } from "../sim/map.ts";
import { TICK_HZ } from "../sim/rules.ts";
import type { Body } from "../sim/step.ts";

/** Playback speeds, as multiples of the game's speed. */
export const SPEEDS = [1, 2, 4, 8] as const;

/**
 * Maximum milliseconds by which a frame advances the time. This limit prevents a jump when the page returns from the
 * background, where it draws no frames.
 */
const MAX_FRAME_MS = 250;

/** A body as it is drawn: its position is interpolated between two ticks. */
export interface DrawnBody extends Body {
  name: string;
  look: number;
}

/** A recording on the page. Its time is in ticks since the start of the recording. */
export class Playback {
  readonly ticks: number;
  playing = false;
  speed: number = SPEEDS[0];
  readonly #first: number;
  readonly #replay: Replay;
  /** The time, with a fraction of a tick. The replay is at the next whole tick. */
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

  /**
   * Says which rule a player breaks, or how the world first differs from the recording; undefined if neither happens.
   */
  get trouble(): string | undefined {
    const { fault, divergence } = this.#replay;
    return fault ? `${fault.player} ${fault.fault}` : divergence?.message;
  }

  /**
   * Advances the time if the recording is playing. Stops at the end.
   * @param milliseconds the real time that has passed. It is multiplied by the speed.
   */
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

  /** Jumps to a tick. */
  seek(tick: number): void {
    this.#time = Math.max(0, Math.min(this.ticks, Math.round(tick)));
    this.#replay.seek(this.#first + this.#time);
    this.#before = copyOf(this.#replay.bodies());
  }

  /** Returns all players as they are drawn now, by session id. */
  bodies(): Map<string, DrawnBody> {
    const fraction = 1 - (Math.ceil(this.#time) - this.#time);
    const drawn = new Map<string, DrawnBody>();
    for (const [id, { name = id, look = 0, x, y, facing }] of this.#replay.bodies()) {
      const before = this.#before.get(id) ?? { x, y };
      const interpolate = (from: number, to: number) => from + (to - from) * fraction;
      drawn.set(id, { name, look, x: interpolate(before.x, x), y: interpolate(before.y, y), facing });
    }
    return drawn;
  }
}

/** Copies the bodies, because the replay changes them in place. */
function copyOf(bodies: Map<string, Body>): Map<string, Body> {
  return new Map([...bodies].map(([id, { x, y, facing }]) => [id, { x, y, facing }]));
}
