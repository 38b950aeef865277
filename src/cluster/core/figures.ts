// The state and the counters that a process of the cluster reports about itself.
import type { Place, ProcessId } from "./ports.ts";

/**
 * The role of a process. A replica mirrors the rooms. A claimant has the lease, and makes sure that its state is the
 * newest. The authority runs the rooms.
 */
export type Role = "replica" | "claimant" | "authority";

/** The state of a process, and its counters since the start. */
export interface Figures {
  readonly role: Role;
  /** The newest epoch that the process knows. */
  readonly epoch: number;
  /** The last authority that the process has heard from; undefined if there was none. */
  readonly authority: ProcessId | undefined;
  /** The place of the process's mirrored state. The epoch is 0 until there is a state. */
  readonly place: Place;
  /** The newest place that the process has heard of. */
  readonly newest: Place;
  /** The number of messages from `place` to `newest`. */
  readonly lag: number;
  /** Milliseconds since the process last heard from the authority. */
  readonly silentMs: number;
  /** The processes that the authority considers alive. */
  readonly alive: readonly ProcessId[];
  /** Batches that were sent, and that the authority has not confirmed. */
  readonly unheardBatches: number;
  /** Clients' frames that the rooms have not processed. */
  readonly keptFrames: number;
  /** Frames of connections that were closed because too many of their frames were waiting. */
  readonly droppedFrames: number;
  /** Batches that were sent more than once. */
  readonly resentBatches: number;
  /** Snapshots that replaced the mirrored state. */
  readonly loadedSnapshots: number;
  /** Snapshots that this process has sent to other processes. */
  readonly givenSnapshots: number;
  /** The number of times that this process has asked for a snapshot. */
  readonly asks: number;
  /** Messages of older epochs, which were dropped. */
  readonly stale: number;
}
