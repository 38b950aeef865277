// The serializer of a room whose clients get only what is in their sight.
import type { Room, Serializer } from "colyseus";
import { Grid } from "./grid.ts";
import { InterestSerializer } from "./interest-serializer.ts";
import type { StateWithPlayers } from "./player-codec.ts";
import type { InputsById } from "./view.ts";

/** The size of a map in units. */
export interface MapSize {
  readonly width: number;
  readonly height: number;
}

/** A serializer that also sends messages of a player to the clients that have this player in sight. */
export interface SightSerializer extends Serializer<StateWithPlayers> {
  /** Sends a message with the next patch. See `InterestSerializer.toSight`. */
  toSight(sessionId: string, type: string, content: object): void;
}

/**
 * Creates the serializer of a room.
 * @param maxBytesPerClient the budget of each client in bytes per second; 0 or undefined for no limit.
 * @throws {Error} with a hint if interest management does not support the players of `state`.
 */
export type CreateSightSerializer = (
  state: StateWithPlayers,
  size: MapSize,
  inputs: InputsById,
  maxBytesPerClient: number | undefined,
  room: Room,
) => SightSerializer;

/** Creates a serializer that sends each client the changes in its sight. */
export const createInterestSerializer: CreateSightSerializer = (state, { width, height }, inputs, maxBytesPerClient) =>
  new InterestSerializer(state, new Grid(width, height), inputs, maxBytesPerClient);
