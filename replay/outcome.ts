// Plays a recording from its first tick to its last and returns the result.
import type { WorldMap } from "../sim/map.ts";
import type { Incident, Recording } from "./format.ts";
import { type Divergence, Replay } from "./replay.ts";

/** The result of playing a recording. */
export interface Outcome {
  /** Ticks that were played. */
  ticks: number;
  /** Sessions in the recording: the players in its first snapshot, and every join. */
  sessions: number;
  /** Players in the world at the end. */
  left: number;
  /** The first divergence from the recording; undefined if the replay matched all hashes of the recording. */
  divergence: Divergence | undefined;
  /** The first fault: a step that threw, or a body that violated an invariant; undefined if there was none. */
  fault: Incident | undefined;
}

/** Plays a recording. @param map a map that `checkFit` accepts for the recording. */
export function play(recording: Recording, map: WorldMap): Outcome {
  const replay = new Replay(recording, map);
  while (replay.advance());
  const { divergence, fault, sessions } = replay;
  return { ticks: replay.tick - recording.firstTick, sessions, left: replay.bodies().size, divergence, fault };
}
