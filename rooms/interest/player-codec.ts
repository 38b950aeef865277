// Encodes one player in the standard schema wire format, from the metadata of its own class. A field that is added to
// the class is sent without a change here.
import {
  $changes,
  $refId,
  $values,
  type Encoder,
  encode,
  encodeSchemaOperation,
  type IRef,
  type Iterator,
  OPERATION,
  type Schema,
} from "@colyseus/schema";
import type { Entity, PlayersById } from "./cell-index.ts";
import { fieldsOf, requirePlayers } from "./state-requirements.ts";

/**
 * The byte that announces an object's reference id; the operations after it belong to that object. The state has id 0.
 */
const SWITCH_TO_STRUCTURE = 255;
const STATE = 0;

/** A player of a state. */
export type TrackedPlayer = IRef & { x: number; y: number };

/** A state whose players are sent only to nearby clients. */
export type StateWithPlayers = IRef & { players: PlayersById<TrackedPlayer> & IRef };

/**
 * Encodes the players of one state. Each `encode` function writes at `at.offset` and advances this offset, so it can be
 * passed to `Arena.write`.
 */
export class PlayerCodec {
  readonly #encoder: Encoder;
  readonly #playersField: number;
  readonly #fields: readonly number[];

  /**
   * @param encoder the framework's encoder of the state.
   * @throws {Error} with a hint if interest management does not support the state's players.
   */
  constructor(encoder: Encoder) {
    const { field, player } = requirePlayers(encoder.state.constructor as typeof Schema, encoder.context);
    this.#encoder = encoder;
    this.#playersField = field.index;
    this.#fields = fieldsOf(player).map(({ index }) => index);
  }

  /**
   * Whether an object has changed since the framework's encoder last discarded changes. The map of players has changed
   * if a player was added to it or removed from it.
   */
  hasChanged(tracked: IRef): boolean {
    return tracked[$changes]!.has();
  }

  /** Encodes the changed fields of a player, for clients that know it. */
  readonly encodeUpdate = (player: TrackedPlayer, bytes: Uint8Array, at: Iterator): void => {
    switchTo(player[$refId]!, bytes, at);
    player[$changes]!.forEach((field, operation) => {
      this.#encodeField(player, field, operation, bytes, at);
    });
  };

  /** Encodes a player with all its fields, for clients that do not know it. */
  readonly encodeAdd = ({ id, index, player }: Entity<TrackedPlayer>, bytes: Uint8Array, at: Iterator): void => {
    switchTo(this.#playersRefId, bytes, at);
    bytes[at.offset++] = OPERATION.ADD;
    encode.number(bytes, index, at);
    encode.string(bytes, id, at);
    encode.number(bytes, player[$refId]!, at);
    switchTo(player[$refId]!, bytes, at);
    const values = (player as unknown as { [$values]: unknown[] })[$values];
    for (const field of this.#fields) {
      const value = values[field];
      if (value !== undefined && value !== null) this.#encodeField(player, field, OPERATION.ADD, bytes, at);
    }
  };

  /** Encodes the removal of a player that went out of sight. */
  readonly encodeRemove = ({ index }: Entity<TrackedPlayer>, bytes: Uint8Array, at: Iterator): void => {
    switchTo(this.#playersRefId, bytes, at);
    bytes[at.offset++] = OPERATION.DELETE;
    encode.number(bytes, index, at);
  };

  /** Encodes the map of players, without its players. A full state adds the players in sight after it. */
  readonly encodePlayersMap = (players: StateWithPlayers["players"], bytes: Uint8Array, at: Iterator): void => {
    switchTo(STATE, bytes, at);
    bytes[at.offset++] = OPERATION.ADD | this.#playersField;
    encode.number(bytes, players[$refId]!, at);
  };

  get #playersRefId(): number {
    return (this.#encoder.state as StateWithPlayers).players[$refId]!;
  }

  #encodeField(player: TrackedPlayer, field: number, operation: OPERATION, bytes: Uint8Array, at: Iterator): void {
    encodeSchemaOperation(this.#encoder, bytes, player[$changes]!, field, operation, at, false, false);
  }
}

function switchTo(refId: number, bytes: Uint8Array, at: Iterator): void {
  bytes[at.offset++] = SWITCH_TO_STRUCTURE;
  encode.number(bytes, refId, at);
}
