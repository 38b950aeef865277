// Staleness: for how long the position that a client shows has differed from the player's real position. Both positions
// come from probes. The frames to a probe show the real position of the probe's own player. The frames to the other
// probes show the position at which other clients see this player.
import { TICK_MS } from "../arena.ts";
import { percentile } from "./latency.ts";

/** A position, in units. */
interface Place {
  x: number;
  y: number;
}

/**
 * The position of a player from the time `at`, in milliseconds, to the time of the next entry. `place` is undefined if
 * the player is unknown in this period.
 */
interface Entry {
  at: number;
  place: Place | undefined;
}

/** A position that a client shows, and the time at which the client began to show it, in milliseconds. */
interface Sighting extends Place {
  at: number;
}

/** The positions of one player over time, as one client shows them. */
export class Track {
  readonly #entries: Entry[] = [];

  /** Adds the position that applies from the time `at`. Times must not decrease. */
  add(at: number, place: Place | undefined): void {
    const last = this.#entries.at(-1);
    if (last && isSame(last.place, place)) return;
    this.#entries.push({ at, place: place && { x: place.x, y: place.y } });
  }

  /** Returns the position at `time`, and when that position began to apply; undefined if the player was unknown. */
  at(time: number): Sighting | undefined {
    const entry = this.#entries[this.#indexAt(time)];
    return entry?.place && { ...entry.place, at: entry.at };
  }

  /**
   * Returns the staleness, in milliseconds, of the position `shown`, which another client shows at `time`. Staleness is
   * the time since the player left the position, or 0 if the player is still there. A player that was never there
   * counts as having left at the time of the first entry.
   * @param lead the maximum number of milliseconds by which the other client may receive a position before the player's
   * own client.
   */
  staleness(shown: Sighting, time: number, lead = 0): number {
    let index = this.#indexAt(Math.max(time, shown.at + lead));
    while (index >= 0 && !isSame(this.#entries[index]!.place, shown)) index--;
    return index >= this.#indexAt(time) ? 0 : time - this.#entries[index + 1]!.at;
  }

  /** Returns the index of the entry at a time; -1 if the first entry is later. */
  #indexAt(time: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle]!.at <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function isSame(a: Place | undefined, b: Place | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.x === b.x && a.y === b.y);
}

/** The number of players that count as the nearest. */
export const NEAREST = 30;

/**
 * The distances from a client's own player to the nearest other players that the client shows. `isNearest` uses them
 * to decide whether a player is certainly among the nearest.
 */
export interface Reach {
  /**
   * The squares of the distances to the players at the ranks NEAREST and NEAREST + 1; infinite if the client shows
   * fewer players.
   */
  last: number;
  next: number;
}

/** Returns the distances from `own` to the nearest others. `others` may contain `own` itself, which does not count. */
export function reachOf(own: Place, others: Iterable<Place>): Reach {
  // The smallest squares of distances, in ascending order.
  const smallest: number[] = [];
  for (const other of others) {
    if (other === own) continue;
    const square = squareOf(own, other);
    if (smallest.length > NEAREST && square >= smallest[NEAREST]!) continue;
    let at = smallest.length;
    while (at > 0 && smallest[at - 1]! > square) at--;
    smallest.splice(at, 0, square);
    if (smallest.length > NEAREST + 1) smallest.pop();
  }
  const square = (index: number) => smallest[index] ?? Number.POSITIVE_INFINITY;
  return { last: square(NEAREST - 1), next: square(NEAREST) };
}

/**
 * Returns whether a player is certainly among the NEAREST players that a client shows. The result is true if the client
 * shows fewer than NEAREST other players that are at most as far from `own` as `real` is. This rule assumes that the
 * client shows fresh positions of the nearest players.
 * @param own the position of the client's own player.
 * @param real the real position of the player.
 * @param shown the position of the player as the client shows it.
 */
export function isNearest(own: Place, real: Place, shown: Place, { last, next }: Reach): boolean {
  const square = squareOf(own, real);
  // The client also shows the player itself, which must not count as one of the other players.
  const itCounts = squareOf(own, shown) <= square;
  return (itCounts ? next : last) > square;
}

/** Returns the square of a distance. For whole numbers it is exact, so equal distances compare as equal. */
function squareOf(a: Place, b: Place): number {
  return (a.x - b.x) ** 2 + (a.y - b.y) ** 2;
}

/** The observations of one probe. */
export interface Observations {
  id: string;
  own: Track;
  /** The other probes by id, as this probe shows them. */
  shown: Map<string, Track>;
  /** The distances from the probe to its nearest players after each frame, in chronological order. */
  reaches: { at: number; reach: Reach }[];
}

/** The staleness of several samples, in ticks. */
export interface Ages {
  p50: number;
  p99: number;
  max: number;
  samples: number;
}

/**
 * The staleness in a measuring window: of all players that a client shows, of the nearest of them, and of the others.
 * A property is missing if it has no samples.
 */
export interface StalenessFigures {
  all?: Ages;
  nearest?: Ages;
  others?: Ages;
}

/** The clock by which staleness is measured. */
export interface FrameClock {
  /** The times of the samples, in ascending order. */
  times: readonly number[];
  /** Converts milliseconds to ticks. */
  ticksOf(milliseconds: number): number;
  /** The maximum difference, in milliseconds, between the times at which two clients show the same tick. */
  lead: number;
}

/** Returns the clock for a server whose frames carry the room's time. `times` are the times in the frames. */
export function roomClock(times: Iterable<number>): FrameClock {
  return {
    times: [...times].sort((a, b) => a - b),
    ticksOf: (milliseconds) => Math.round(milliseconds / TICK_MS),
    lead: 0,
  };
}

/**
 * Returns the clock for a server whose frames carry no time. The samples are one tick apart, from the start to the end
 * of the measuring window. Ages are rounded down, because the arrival times of frames jitter.
 */
export function arrivalClock(from: number, to: number): FrameClock {
  return {
    times: Array.from({ length: Math.floor((to - from) / TICK_MS) }, (_, index) => from + index * TICK_MS),
    ticksOf: (milliseconds) => Math.floor(milliseconds / TICK_MS),
    // A saturated server takes up to a second to send the frames of one tick.
    lead: 1000,
  };
}

/** Measures, at each of the clock's times, the staleness of each probe's position as shown by every other probe. */
export function stalenessOf(probes: readonly Observations[], { times, ticksOf, lead }: FrameClock): StalenessFigures {
  const nearest: number[] = [];
  const others: number[] = [];
  for (const client of probes) {
    let index = -1;
    for (const time of times) {
      while (index + 1 < client.reaches.length && client.reaches[index + 1]!.at <= time) index++;
      const own = client.own.at(time);
      if (!own || index < 0) continue;
      for (const player of probes) {
        const shown = client.shown.get(player.id)?.at(time);
        const real = player.own.at(time);
        if (player === client || !shown || !real) continue;
        const ages = isNearest(own, real, shown, client.reaches[index]!.reach) ? nearest : others;
        ages.push(ticksOf(player.own.staleness(shown, time, lead)));
      }
    }
  }
  return {
    ...named("all", [...nearest, ...others]),
    ...named("nearest", nearest),
    ...named("others", others),
  };
}

function named(name: keyof StalenessFigures, ticks: number[]): StalenessFigures {
  if (ticks.length === 0) return {};
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => percentile(ticks, share)) as [number, number, number];
  return { [name]: { p50, p99, max, samples: ticks.length } };
}
