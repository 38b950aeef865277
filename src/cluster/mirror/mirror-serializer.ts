// The serializer of a room in the authority. It sends clients nothing. It collects the changes of the room for all
// processes, and each process sends its clients what is in their sight.
import { $changes, $refId, Encoder, Reflection, Root, type Schema } from "@colyseus/schema";
import { type Client, Protocol, ProtocolModifier } from "colyseus";
import type { StateWithPlayers, TrackedPlayer } from "../../../rooms/interest/player-codec.ts";
import { MAX_WAITING, sightPayload } from "../../../rooms/interest/sight-messages.ts";
import type { SightSerializer } from "../../../rooms/interest/sight-serializer.ts";
import { requirePlayers } from "../../../rooms/interest/state-requirements.ts";
import { BLANK_INPUT } from "../../../schema/move-input.ts";
import type { Input } from "../../../sim/apply-input.ts";
import type { PlayerInWorld } from "../../../sim/world.ts";
import { copyInput } from "./input-format.ts";
import { PlayerFormat, UNKNOWN } from "./player-format.ts";
import { SchemaWriter } from "./schema-bytes.ts";
import { END, TIMED, WHOLE, writeWaiting } from "./section.ts";
import { setRefId } from "./shared-state.ts";

/** The initial size in bytes of the buffer for the changes of a tick. */
const SECTION_SIZE = 64 * 1024;

/** The inputs of a client in the framework. */
interface ClientInputs {
  /** The number of inputs that were taken from the queue or dropped since the client connected. */
  readonly consumedCount: number;
  readonly size: number;
  /** The latest input that has arrived; undefined for a session without a client. */
  readonly latest: Input | undefined;
  /** Returns the queued inputs. */
  peek(): readonly Input[];
  /** Drops the queued inputs, and counts them as consumed. */
  clear(): void;
}

/** The inputs of a room's clients. */
export interface RoomInputs {
  get(sessionId: string): ClientInputs;
}

/** The reference ids of a room that is restored. */
export interface RestoredPlayers {
  /** The largest reference id that the room has given to an object. */
  readonly maxId: number;
  /** The reference ids of the players by session id. */
  readonly ids: Map<string, number>;
}

/** A player as the receivers of the changes know it. */
interface Entry {
  readonly player: TrackedPlayer;
  readonly slot: number;
  /** The number of applied inputs. */
  applied: number;
  /** The number of applied inputs that the receivers know. */
  sent: number;
  /** The latest input that the receivers know. */
  readonly latest: Input;
  isLatestNew: boolean;
  /** The tick in which the player was added. */
  readonly addedAt: number;
}

/** Collects the changes of one room. Must be set as the room's serializer after the room has its state. */
export class MirrorSerializer implements SightSerializer {
  readonly id = "schema";
  readonly #inputs: RoomInputs;
  readonly #worldPlayers: () => Iterable<PlayerInWorld>;
  readonly #state: StateWithPlayers & Schema;
  #restored: RestoredPlayers | undefined;
  readonly #format: PlayerFormat;
  readonly #handshake: Uint8Array;
  #encoder: Encoder;
  readonly #entries = new Map<string, Entry>();
  readonly #freeSlots: number[] = [];
  readonly #out = new SchemaWriter(SECTION_SIZE);
  /**
   * For each session, the number of inputs that were applied before its connection was restored. The framework counts
   * only later inputs.
   */
  readonly #appliedBefore = new Map<string, number>();
  #messages: [sessionId: string, payload: Uint8Array][] = [];
  #tick = 0;

  /**
   * @param worldPlayers returns the players of the room's world.
   * @param restored must be given if the room is restored from a snapshot.
   * @throws {Error} with a hint if interest management does not support the players of `state`.
   */
  constructor(
    state: StateWithPlayers,
    inputs: RoomInputs,
    worldPlayers: () => Iterable<PlayerInWorld>,
    restored: RestoredPlayers | undefined,
  ) {
    this.#inputs = inputs;
    this.#worldPlayers = worldPlayers;
    this.#state = state as Schema & StateWithPlayers;
    this.#restored = restored;
    this.#encoder = encoderOf(this.#state, restored);
    this.#format = new PlayerFormat(requirePlayers(state.constructor as typeof Schema, this.#encoder.context).player);
    this.#handshake = Reflection.encode(this.#encoder);
  }

  /**
   * Replaces the reference ids of a prepared room, because it goes on from a newer snapshot than the one that it
   * was created from. Call it before the first tick. The players get their ids at once: since the room was created, the
   * ids that it gave them may have been used for other objects.
   */
  restore(restored: RestoredPlayers): void {
    this.#restored = restored;
    for (const [sessionId, player] of this.#state.players.entries()) {
      const id = restored.ids.get(sessionId);
      if (id !== undefined) setRefId(player, id);
    }
    this.#encoder = encoderOf(this.#state, restored);
  }

  /** The framework's encoder of the state. The monitor needs it to show the size of the state. */
  get encoder(): Encoder {
    return this.#encoder;
  }

  /** Called by the framework when a room gets a new state, which this class does not support. */
  reset(): void {}

  handshake(): Uint8Array {
    return this.#handshake;
  }

  /**
   * Returns a frame with a code and the number of the client's applied inputs. The client's process sends the full
   * state instead of this frame. Returns the shared state if there is no `client`, because the monitor shows its size.
   */
  getFullState(client?: Client, timing?: object): Uint8Array {
    if (!client) return this.#encoder.encodeAll({ offset: 0 });
    const { sessionId } = client;
    const entry = this.#entries.get(sessionId);
    // Only the client's process receives this frame. The next changes tell all processes the number of applied inputs.
    if (entry) entry.sent = UNKNOWN;
    const frame = new SchemaWriter(16);
    frame.byte(timing ? Protocol.ROOM_STATE | ProtocolModifier.TIMED : Protocol.ROOM_STATE);
    frame.number(this.#appliedOf(sessionId));
    return frame.written();
  }

  toSight(sessionId: string, type: string, content: object): void {
    const payload = sightPayload(type, content);
    if (this.#messages.length < MAX_WAITING) this.#messages.push([sessionId, payload]);
  }

  /** Sets how many inputs of a session were applied before its connection was restored; 0 for a new connection. */
  setAppliedBefore(sessionId: string, applied: number): void {
    if (applied === 0) this.#appliedBefore.delete(sessionId);
    else this.#appliedBefore.set(sessionId, applied);
  }

  /** Collects the changes since the last call. The first call collects the whole room. */
  applyPatches(clients: readonly Client[], state: StateWithPlayers, timing?: { sNow: number }): boolean {
    const out = this.#out;
    const isWhole = this.#tick === 0;
    this.#tick++;
    out.clear();
    out.byte((isWhole ? WHOLE : 0) | (timing ? TIMED : 0));
    out.float64(timing?.sNow ?? 0);
    if (isWhole) out.number(this.#restored?.maxId ?? 0);
    out.block(isWhole ? this.#encoder.encodeAll({ offset: 0 }) : this.#encoder.encode());
    this.#readInputs(clients);
    this.#writeMembers(state);
    this.#writeUpdates();
    this.#writeWaiting(clients);
    out.number(this.#messages.length);
    for (const [sessionId, payload] of this.#messages) {
      out.text(sessionId);
      out.block(payload);
    }
    this.#messages = [];
    this.#encoder.discardChanges();
    return true;
  }

  /** Returns the last tick's changes, valid until the next tick; undefined if there was no tick since the last call. */
  takeSection(): Uint8Array | undefined {
    if (this.#out.at.offset === 0) return undefined;
    const section = this.#out.written();
    this.#out.clear();
    return section;
  }

  #appliedOf(sessionId: string): number {
    return this.#inputs.get(sessionId).consumedCount + (this.#appliedBefore.get(sessionId) ?? 0);
  }

  #readInputs(clients: readonly Client[]): void {
    for (const { sessionId } of clients) {
      const entry = this.#entries.get(sessionId);
      if (!entry) continue;
      const { consumedCount, latest } = this.#inputs.get(sessionId);
      entry.applied = consumedCount + (this.#appliedBefore.get(sessionId) ?? 0);
      if (latest && copyInput(latest, entry.latest)) entry.isLatestNew = true;
    }
  }

  #writeMembers({ players }: StateWithPlayers): void {
    const out = this.#out;
    const mayHaveChanged = (players[$changes]?.has() ?? false) || players.size !== this.#entries.size;
    if (mayHaveChanged) {
      for (const [sessionId, { player, slot }] of this.#entries) {
        if (players.get(sessionId) === player) continue;
        this.#entries.delete(sessionId);
        this.#freeSlots.push(slot);
        out.number(slot + 1);
      }
    }
    out.number(END);
    if (mayHaveChanged)
      for (const [sessionId, player] of players.entries())
        if (!this.#entries.has(sessionId)) this.#writeNew(sessionId, player);
    out.number(END);
  }

  #writeNew(sessionId: string, player: TrackedPlayer): void {
    const out = this.#out;
    const applied = this.#appliedOf(sessionId);
    const entry: Entry = {
      player,
      slot: this.#freeSlots.pop() ?? this.#entries.size,
      applied,
      sent: applied,
      latest: { ...BLANK_INPUT },
      isLatestNew: false,
      addedAt: this.#tick,
    };
    this.#entries.set(sessionId, entry);
    copyInput(this.#inputs.get(sessionId).latest ?? BLANK_INPUT, entry.latest);
    out.number(entry.slot + 1);
    out.number(this.#restored?.ids.get(sessionId) ?? player[$refId]!);
    this.#restored?.ids.delete(sessionId);
    out.text(sessionId);
    this.#format.write(out, player, true, applied, UNKNOWN, entry.latest);
  }

  #writeUpdates(): void {
    const out = this.#out;
    for (const entry of this.#entries.values()) {
      const { player, applied, sent, isLatestNew, latest } = entry;
      if (!isLatestNew && applied === sent && !player[$changes]!.has()) continue;
      if (entry.addedAt === this.#tick) continue;
      out.number(entry.slot + 1);
      this.#format.write(out, player, false, applied, sent, isLatestNew ? latest : undefined);
      entry.sent = applied;
      entry.isLatestNew = false;
    }
    out.number(END);
  }

  /** Writes the inputs that wait: queued moves, and then queued predicted inputs. */
  #writeWaiting(clients: readonly Client[]): void {
    const waiting = new SchemaWriter(256);
    const moves: [number, readonly Input[]][] = [];
    for (const { id, moves: queued } of this.#worldPlayers())
      if (queued.length > 0) moves.push([this.#entries.get(id)!.slot, queued]);
    const predicted: [number, readonly Input[]][] = [];
    for (const { sessionId } of clients) {
      const entry = this.#entries.get(sessionId);
      const inputs = this.#inputs.get(sessionId);
      if (entry && inputs.size > 0) predicted.push([entry.slot, inputs.peek()]);
    }
    writeWaiting(waiting, moves);
    writeWaiting(waiting, predicted);
    this.#out.block(waiting.written());
  }
}

/** Returns an encoder of a state. The objects of a restored state get reference ids above all earlier ids. */
function encoderOf(state: Schema & StateWithPlayers, restored: RestoredPlayers | undefined): Encoder {
  const encoder = new Encoder(state, state[$changes]?.root);
  if (!restored) return encoder;
  // Otherwise the objects would stay in the previous encoder's queue of changed objects.
  encoder.discardChanges();
  return new Encoder(state, new Root(encoder.context, restored.maxId + 1));
}
