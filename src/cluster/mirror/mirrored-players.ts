// The players of a mirrored room.
import type { Schema } from "@colyseus/schema";
import type { StateWithPlayers, TrackedPlayer } from "../../../rooms/interest/player-codec.ts";
import type { AppliedInputs, InputsById } from "../../../rooms/interest/view.ts";
import type { Input } from "../../../sim/apply-input.ts";
import { type MirroredFields, PlayerFormat, UNKNOWN, valuesOf } from "./player-format.ts";
import type { SchemaReader, SchemaWriter } from "./schema-bytes.ts";
import { END } from "./section.ts";
import { setRefId } from "./shared-state.ts";

/** A player of a mirrored room. */
export class MirroredPlayer implements MirroredFields {
  readonly sessionId: string;
  slot: number;
  /** The player's reference id, which is the same in all processes. */
  refId: number;
  player: TrackedPlayer;
  values: unknown[];
  consumedCount = 0;
  latest: Input | undefined;

  constructor(sessionId: string, slot: number, refId: number, player: TrackedPlayer) {
    this.sessionId = sessionId;
    this.slot = slot;
    this.refId = refId;
    this.player = player;
    this.values = valuesOf(player);
  }

  /** Called when the session has another player. */
  become(player: TrackedPlayer): void {
    this.player = player;
    this.values = valuesOf(player);
  }
}

const NO_INPUTS: AppliedInputs = { consumedCount: 0 };

type IsTracked = (player: TrackedPlayer) => boolean;

/** The map of players in a state. */
type Players = StateWithPlayers["players"] & {
  set(sessionId: string, player: TrackedPlayer): void;
  delete(sessionId: string): boolean;
};

/** The players of one mirrored room. */
export class MirroredPlayers implements InputsById {
  readonly #players: Players;
  readonly #class: new () => TrackedPlayer;
  readonly #format: PlayerFormat;
  readonly #bySession = new Map<string, MirroredPlayer>();
  readonly #bySlot: (MirroredPlayer | undefined)[] = [];
  /** The largest reference id that a player has had. */
  maxId = 0;

  /** @param player the class of the players. */
  constructor(state: StateWithPlayers, player: typeof Schema) {
    this.#players = state.players as Players;
    this.#class = player as unknown as new () => TrackedPlayer;
    this.#format = new PlayerFormat(player);
  }

  /** Returns the number of a session's applied inputs. */
  get(sessionId: string): AppliedInputs {
    return this.#bySession.get(sessionId) ?? NO_INPUTS;
  }

  /** Returns the player of a session. */
  of(sessionId: string): MirroredPlayer | undefined {
    return this.#bySession.get(sessionId);
  }

  /** Returns the player in a slot. */
  inSlot(slot: number): MirroredPlayer | undefined {
    return this.#bySlot[slot];
  }

  all(): Iterable<MirroredPlayer> {
    return this.#bySession.values();
  }

  /**
   * Reads the lists of removed, added and changed players of a section.
   * @param isWhole whether the list of added players has all players of the room.
   * @param isTracked returns whether the framework's encoder must learn which fields of a player change. Called before
   * the player changes.
   */
  read(source: SchemaReader, isWhole: boolean, isTracked: IsTracked): void {
    if (isWhole) this.#bySlot.length = 0;
    for (let slot = source.number(); slot !== END; slot = source.number()) this.#remove(this.#bySlot[slot - 1]!);
    const added = new Set<MirroredPlayer>();
    for (let slot = source.number(); slot !== END; slot = source.number())
      added.add(this.#readNew(source, slot - 1, isTracked));
    if (isWhole) for (const player of this.#bySession.values()) if (!added.has(player)) this.#remove(player);
    for (let slot = source.number(); slot !== END; slot = source.number()) {
      const mirrored = this.#bySlot[slot - 1]!;
      this.#format.read(source, mirrored, isTracked(mirrored.player));
    }
  }

  /** Writes the lists of a whole section: all players are in the list of added ones, and the other lists are empty. */
  write(out: SchemaWriter): void {
    out.number(END);
    for (const { slot, refId, sessionId, player, consumedCount, latest } of this.#bySession.values()) {
      out.number(slot + 1);
      out.number(refId);
      out.text(sessionId);
      this.#format.write(out, player, true, consumedCount, UNKNOWN, latest);
    }
    out.number(END);
    out.number(END);
  }

  #readNew(source: SchemaReader, slot: number, isTracked: IsTracked): MirroredPlayer {
    const refId = source.number();
    const sessionId = source.text();
    let mirrored = this.#bySession.get(sessionId);
    const isKnown = mirrored?.refId === refId;
    if (!mirrored) {
      mirrored = new MirroredPlayer(sessionId, slot, refId, this.#create(refId));
      this.#bySession.set(sessionId, mirrored);
    } else if (!isKnown) mirrored.become(this.#create(refId));
    mirrored.slot = slot;
    mirrored.refId = refId;
    this.#bySlot[slot] = mirrored;
    this.maxId = Math.max(this.maxId, refId);
    this.#format.read(source, mirrored, !isKnown || isTracked(mirrored.player));
    if (!isKnown) this.#players.set(sessionId, mirrored.player);
    return mirrored;
  }

  #create(refId: number): TrackedPlayer {
    const player = new this.#class();
    setRefId(player, refId);
    return player;
  }

  #remove(player: MirroredPlayer): void {
    this.#bySession.delete(player.sessionId);
    this.#players.delete(player.sessionId);
    if (this.#bySlot[player.slot] === player) this.#bySlot[player.slot] = undefined;
  }
}
