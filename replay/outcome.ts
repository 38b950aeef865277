// A recording played from its first tick to its last, and what became of it.
import type { WorldMap } from "../sim/map.ts";
import type { Incident, Recording } from "./format.ts";
import { type Difference, Replay } from "./replay.ts";

/** What became of a recording that was played. */
export interface Outcome {
  /** Ticks that were played. */
  ticks: number;
  /** Players there were: those it begins with, and every join. */
  sessions: number;
  /** Players who were there at the end. */
  left: number;
  /** The first thing that was not as it was recorded; undefined if all was, to the last hash. */
  difference: Difference | undefined;
  /** The first step that threw, or the first body that is as none can be; undefined if there was none. */
  fault: Incident | undefined;
}

/** Plays a recording on the map that it fits. */
export function play(recording: Recording, map: WorldMap): Outcome {
  const replay = new Replay(recording, map);
  while (replay.advance());
  const { difference, fault, sessions } = replay;
  return { ticks: replay.tick - recording.firstTick, sessions, left: replay.bodies().size, difference, fault };
}
