// The view of a client: its connection, and what it was last sent.
import type { Client } from "colyseus";
import type { Entity } from "./cell-index.ts";
import type { KeptSides } from "./grid.ts";
import type { TrackedPlayer } from "./player-codec.ts";

/** Counts the inputs of a client that are no longer queued: applied inputs, no-ops and dropped inputs. */
export interface AppliedInputs {
  readonly consumedCount: number;
}

/** The input counters of a room's clients. */
export interface InputsById {
  /** Returns the counter of the client with this session id. */
  get(sessionId: string): AppliedInputs;
}

/** Complete WebSocket frames that follow a patch in the same buffer. */
export interface FollowingFrames {
  /** The offset at which the last frame ends. */
  readonly end: number;
  readonly count: number;
  /** The total size of the frames' payloads in bytes. */
  readonly bytes: number;
}

/** The connection of a client, and the data that the client was last sent. */
export interface View {
  readonly client: Viewer;
  connection: Viewer["ref"];
  /** The client's own player. While the client has no player, this is undefined or a player that has left. */
  self: Entity<TrackedPlayer> | undefined;
  /**
   * The players in the full state that the client was sent; undefined after the client's next patch. A full state is
   * encoded between patches, so the players in it may differ from those that the other clients were sent.
   */
  inFullState: ReadonlySet<Entity<TrackedPlayer>> | undefined;
  /**
   * The number of messages that waited for the next tick when the client got its full state; 0 after its next patch.
   */
  skippedMessages: number;
  /**
   * The cell of the client at its last patch or full state. The client has the players that are visible from this cell.
   */
  cell: number;
  /** The sides on which the client keeps cells that are out of sight: it still has the players in them. */
  kept: KeptSides;
  /** The `crowdVersion` of UpdateSchedule for which `kept` was last computed. */
  keptAt: number;
  /**
   * The `lastRank` of the last search for the players nearest to the client's own player. `nearestAt` is the tick of
   * this search. Up to that tick, the client has all changes of the found players.
   */
  nearest: number;
  nearestAt: number;
  inputs: AppliedInputs;
  /** The number of applied inputs, as stated in the last state frame that the client was sent. */
  applied: number;
  /** Whether the client missed a patch because it was backpressured. */
  needsFullState: boolean;
}

/** The property of a client that holds its view. */
export const VIEW = Symbol("view");

/** A client of the framework. Its connection `ref` may have two members that src/sockets/ adds. */
export type Viewer = Client & {
  [VIEW]?: View | undefined;
  ref?: {
    /** Whether too many bytes are still queued for the client. The client should then get no patch in this tick. */
    readonly isBackpressured?: boolean;
    /**
     * Sends `bytes` from `start` to `end`, and then the frames that follow them. May overwrite the four bytes before
     * `start` with the header of the WebSocket frame. The caller may reuse the buffer after the call. Returns false if
     * the connection cannot send the frames in this way. In that case the call has sent no bytes.
     */
    sendInPlace?(bytes: Buffer, start: number, end: number, following?: FollowingFrames): boolean;
  };
};

/** Records the full state that a client was sent. A client keeps its view object until it leaves. */
export function setView(
  client: Viewer,
  sent: Pick<View, "connection" | "self" | "inFullState" | "skippedMessages" | "cell" | "inputs" | "applied">,
): void {
  const view = { ...sent, kept: 0, keptAt: 0, nearest: 0, nearestAt: 0, needsFullState: false };
  if (client[VIEW]) Object.assign(client[VIEW], view);
  else client[VIEW] = { client, ...view };
}
