// Encodes players in the wire format of @colyseus/schema. It reads the fields from the metadata of the players' class,
// so a new field of the class needs no change here.
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
import { Arena } from "./arena.ts";
import type { Entity, PlayersById } from "./cell-index.ts";
import { fieldsOf, requirePlayers } from "./state-requirements.ts";

/**
 * The byte that announces an object's reference id. The operations after the id belong to that object. The state has
 * id 0.
 */
const SWITCH_TO_STRUCTURE = 255;
const STATE = 0;

/**
 * The highest bit of a set of fields. It stands for field 31 and all later fields. Each lower bit stands for one field.
 */
const LAST_BIT = 31;

/** The set of all fields. */
export const ALL_FIELDS = -1;

/** The initial size of a head in bytes. It grows on demand. */
const HEAD_SIZE = 128;

/** A player of a state. */
export type TrackedPlayer = IRef & { x: number; y: number };

/** A state whose players are sent only to nearby clients. */
export type StateWithPlayers = IRef & { players: PlayersById<TrackedPlayer> & IRef };

/**
 * Encodes the players of one state. Each `encode` function writes at `at.offset` and advances this offset, so the
 * function can be passed to `Arena.write`.
 */
export class PlayerCodec {
  readonly #encoder: Encoder;
  readonly #playersField: number;
  readonly #fields: readonly number[];
  /** The fields that are texts, and all others. */
  readonly #textFields: readonly number[];
  readonly #otherFields: readonly number[];

  /**
   * @param encoder the framework's encoder of the state.
   * @throws {Error} with a hint if interest management does not support the state's players.
   */
  constructor(encoder: Encoder) {
    const { field, player } = requirePlayers(encoder.state.constructor as typeof Schema, encoder.context);
    this.#encoder = encoder;
    this.#playersField = field.index;
    const fields = fieldsOf(player);
    this.#fields = fields.map(({ index }) => index);
    this.#textFields = fields.filter(({ type }) => type === "string").map(({ index }) => index);
    this.#otherFields = this.#fields.filter((field) => !this.#textFields.includes(field));
  }

  /**
   * Whether an object has changed since the framework's encoder last discarded changes. The map of players has changed
   * if a player was added to it or removed from it.
   */
  hasChanged(tracked: IRef): boolean {
    return tracked[$changes]!.has();
  }

  /** Encodes the changed fields of a player, for clients that already have this player. */
  readonly encodeUpdate = (player: TrackedPlayer, bytes: Uint8Array, at: Iterator): void => {
    switchTo(player[$refId]!, bytes, at);
    player[$changes]!.forEach((field, operation) => {
      this.#encodeField(player, field, operation, bytes, at);
    });
  };

  /** Returns the fields that have changed since the framework's encoder last discarded changes: bit N is field N. */
  changedFields(player: TrackedPlayer): number {
    let bits = 0;
    player[$changes]!.forEach((field) => {
      bits |= 1 << Math.min(field, LAST_BIT);
    });
    return bits;
  }

  /** The fields that `encodeFields` encodes, as bits. */
  fields = 0;

  /** Encodes the current values of `fields`, for clients that have this player. */
  readonly encodeFields = (player: TrackedPlayer, bytes: Uint8Array, at: Iterator): void => {
    switchTo(player[$refId]!, bytes, at);
    const values = valuesOf(player);
    for (const field of this.#fields) {
      if (!(this.fields & (1 << Math.min(field, LAST_BIT)))) continue;
      const isUnset = values[field] === undefined || values[field] === null;
      this.#encodeField(player, field, isUnset ? OPERATION.DELETE : OPERATION.REPLACE, bytes, at);
    }
  };

  /** Encodes a player with all its fields, for clients that do not have this player yet. */
  readonly encodeAdd = (entity: Entity<TrackedPlayer>, bytes: Uint8Array, at: Iterator): void => {
    const { player } = entity;
    const head = this.#addHeadOf(entity);
    if (at.offset + head.length <= bytes.length) bytes.set(head, at.offset);
    at.offset += head.length;
    for (const field of this.#otherFields) this.#encodeIfSet(player, field, bytes, at);
  };

  /**
   * Returns the first bytes of the encoding that adds a player, up to and including its text fields. These bytes
   * are cached, because texts take long to encode and rarely change.
   */
  #addHeadOf(entity: Entity<TrackedPlayer>): Uint8Array {
    const values = valuesOf(entity.player);
    const cached = entity.addHead;
    if (cached && this.#textFields.every((field, at) => values[field] === cached.texts[at])) return cached.bytes;
    const arena = new Arena(HEAD_SIZE);
    arena.write(this.#encodeAddHead, entity);
    // Copies the bytes into memory of their own. `Buffer.slice` would keep the whole pool from which Node took the buffer.
    const bytes = new Uint8Array(arena.bytes.subarray(0, arena.offset));
    entity.addHead = { bytes, texts: this.#textFields.map((field) => values[field]) };
    return bytes;
  }

  readonly #encodeAddHead = ({ id, index, player }: Entity<TrackedPlayer>, bytes: Uint8Array, at: Iterator): void => {
    switchTo(this.#playersRefId, bytes, at);
    bytes[at.offset++] = OPERATION.ADD;
    encode.number(bytes, index, at);
    encode.string(bytes, id, at);
    encode.number(bytes, player[$refId]!, at);
    switchTo(player[$refId]!, bytes, at);
    for (const field of this.#textFields) this.#encodeIfSet(player, field, bytes, at);
  };

  #encodeIfSet(player: TrackedPlayer, field: number, bytes: Uint8Array, at: Iterator): void {
    const value = valuesOf(player)[field];
    if (value !== undefined && value !== null) this.#encodeField(player, field, OPERATION.ADD, bytes, at);
  }

  /** Encodes the removal of a player that went out of sight. */
  readonly encodeRemove = ({ index }: Entity<TrackedPlayer>, bytes: Uint8Array, at: Iterator): void => {
    switchTo(this.#playersRefId, bytes, at);
    bytes[at.offset++] = OPERATION.DELETE;
    encode.number(bytes, index, at);
  };

  /** Encodes the map of players without its entries. In a full state, the adds of the players in sight follow. */
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

/** Returns the values of a player by field. */
function valuesOf(player: TrackedPlayer): readonly unknown[] {
  return (player as unknown as { [$values]: unknown[] })[$values];
}

function switchTo(refId: number, bytes: Uint8Array, at: Iterator): void {
  bytes[at.offset++] = SWITCH_TO_STRUCTURE;
  encode.number(bytes, refId, at);
}
