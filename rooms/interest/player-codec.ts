// One player as bytes of the standard schema wire format, by the metadata of its own class: a field that is added to
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
import { fieldsOf, servablePlayers } from "./state-requirements.ts";

/** The byte that says: what follows is about the object whose number comes next. The state itself is number 0. */
const SWITCH_TO_STRUCTURE = 255;
const STATE = 0;

/** A player of a state. */
export type TrackedPlayer = IRef & { x: number; y: number };

/** A state whose players are shown to those near them only. */
export type PeopledState = IRef & { players: PlayersById<TrackedPlayer> & IRef };

/** Encodes the players of one state. What writes does so at `at.offset` and moves it on, and can be handed to an arena. */
export class PlayerCodec {
  readonly #encoder: Encoder;
  readonly #playersField: number;
  readonly #fields: readonly number[];

  /**
   * `encoder`: the framework's encoder of the state.
   * Throws an Error with a mend when the state's players are not what can be shown to some and not to others.
   */
  constructor(encoder: Encoder) {
    const { field, player } = servablePlayers(encoder.state.constructor as typeof Schema, encoder.context);
    this.#encoder = encoder;
    this.#playersField = field.index;
    this.#fields = fieldsOf(player).map(({ index }) => index);
  }

  /**
   * Whether a player has changed since the framework's encoder last discarded changes; or the map of players: that is,
   * whether somebody was put into it or taken out.
   */
  hasChanged(tracked: IRef): boolean {
    return tracked[$changes]!.has();
  }

  /** What has changed of a player, for those who know it. */
  readonly encodeUpdate = (player: TrackedPlayer, bytes: Uint8Array, at: Iterator): void => {
    switchTo(player[$refId]!, bytes, at);
    player[$changes]!.forEach((field, operation) => {
      this.#field(player, field, operation, bytes, at);
    });
  };

  /** A player, for those who have not seen it before: that it is there, then each of its fields. */
  readonly encodeAdd = ({ id, index, player }: Entity<TrackedPlayer>, bytes: Uint8Array, at: Iterator): void => {
    switchTo(this.#players, bytes, at);
    bytes[at.offset++] = OPERATION.ADD;
    encode.number(bytes, index, at);
    encode.string(bytes, id, at);
    encode.number(bytes, player[$refId]!, at);
    switchTo(player[$refId]!, bytes, at);
    const values = (player as unknown as { [$values]: unknown[] })[$values];
    for (const field of this.#fields) {
      const value = values[field];
      if (value !== undefined && value !== null) this.#field(player, field, OPERATION.ADD, bytes, at);
    }
  };

  /** That a player is out of sight. */
  readonly encodeRemove = ({ index }: Entity<TrackedPlayer>, bytes: Uint8Array, at: Iterator): void => {
    switchTo(this.#players, bytes, at);
    bytes[at.offset++] = OPERATION.DELETE;
    encode.number(bytes, index, at);
  };

  /** That there is a map of players. In a full state, who is not introduced after it is out of sight. */
  readonly players = (players: PeopledState["players"], bytes: Uint8Array, at: Iterator): void => {
    switchTo(STATE, bytes, at);
    bytes[at.offset++] = OPERATION.ADD | this.#playersField;
    encode.number(bytes, players[$refId]!, at);
  };

  get #players(): number {
    return (this.#encoder.state as PeopledState).players[$refId]!;
  }

  #field(player: TrackedPlayer, field: number, operation: OPERATION, bytes: Uint8Array, at: Iterator): void {
    encodeSchemaOperation(this.#encoder, bytes, player[$changes]!, field, operation, at, false, false);
  }
}

function switchTo(object: number, bytes: Uint8Array, at: Iterator): void {
  bytes[at.offset++] = SWITCH_TO_STRUCTURE;
  encode.number(bytes, object, at);
}
