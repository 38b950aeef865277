// The mirror of a room in one process of a cluster. The room itself runs in the authority.
import { Decoder, type IRef, type Schema, TypeContext } from "@colyseus/schema";
import type { Client } from "colyseus";
import { Grid } from "../../../rooms/interest/grid.ts";
import { InterestSerializer } from "../../../rooms/interest/interest-serializer.ts";
import type { StateWithPlayers } from "../../../rooms/interest/player-codec.ts";
import { requirePlayers } from "../../../rooms/interest/state-requirements.ts";
import { WorldState } from "../../../schema/world-state.ts";
import { readMessage } from "../../sockets/message-frames.ts";
import { MirroredPlayers } from "./mirrored-players.ts";
import type { RoomRecord } from "./news.ts";
import { SchemaReader, SchemaWriter } from "./schema-bytes.ts";
import { readWaiting, TIMED, type WaitingInputs, WHOLE } from "./section.ts";
import { copyShared } from "./shared-state.ts";

/** The bytes of two empty lists, for a room in which no inputs wait. */
const NO_WAITING = Uint8Array.of(0, 0);

/** A mirrored room and its clients in this process. */
export class MirroredRoom {
  readonly record: RoomRecord;
  /** The state that the clients of this process see. */
  readonly state = new WorldState() as unknown as StateWithPlayers & Schema;
  readonly players: MirroredPlayers;
  readonly #clients: Client[] = [];
  /** Sends the clients what is in their sight. Without clients it does not run, which saves time in each tick. */
  readonly #serializer: InterestSerializer;
  /**
   * Decodes the shared state, which is then copied to `state`. The framework does not track the changes that a decoder
   * makes.
   */
  #decoder = new Decoder(new WorldState());
  #isTimed = false;
  /** Whether `serve` was called after the last `read`, so that the serializer knows the positions of the players. */
  #isServed = true;
  /** The room's clock in ms. */
  clock = 0;
  #maxId = 0;
  #waiting: Uint8Array = NO_WAITING;
  #messages: Uint8Array[] = [];
  #speakers: string[] = [];

  constructor(record: RoomRecord) {
    this.record = record;
    const { width, height, maxBytesPerClient } = record;
    const state = WorldState as unknown as typeof Schema;
    this.players = new MirroredPlayers(this.state, requirePlayers(state, TypeContext.cache(state)).player);
    this.#serializer = new InterestSerializer(this.state, new Grid(width, height), this.players, maxBytesPerClient);
  }

  /** The largest reference id that an object of the room has had. */
  get maxId(): number {
    return Math.max(this.#maxId, this.players.maxId);
  }

  /** Reads a section. `serve` must be called at some time afterwards. Other sections may be read before that call. */
  read(section: Uint8Array): void {
    const source = new SchemaReader(section);
    const flags = source.byte();
    const isWhole = (flags & WHOLE) !== 0;
    this.#isTimed = (flags & TIMED) !== 0;
    this.clock = source.float64();
    if (isWhole) this.#maxId = Math.max(this.#maxId, source.number());
    this.#readShared(source.block(), isWhole);
    const hasClients = this.#clients.length > 0;
    const isServed = this.#isServed;
    this.#isServed = false;
    this.players.read(source, isWhole, (player) => hasClients && (!isServed || this.#serializer.isWatched(player)));
    this.#waiting = source.block();
    for (let count = source.number(); count > 0; count--) {
      this.#speakers.push(source.text());
      this.#messages.push(source.block());
    }
  }

  /** Sends the clients of this process what has changed in their sight. */
  serve(): void {
    this.#isServed = true;
    if (this.#clients.length > 0) {
      for (const [index, sessionId] of this.#speakers.entries()) {
        const { type, content } = readMessage(this.#messages[index]!);
        this.#serializer.toSight(sessionId, type as string, content as object);
      }
      this.#serializer.applyPatches(this.#clients, this.state, this.#timing);
    } else this.#serializer.encoder.discardChanges();
    this.#speakers = [];
    this.#messages = [];
  }

  /**
   * Sends a client the full state. From now on `serve` sends it the changes.
   * @param applied the number of the client's applied inputs.
   */
  show(client: Client, applied: number): void {
    const self = this.players.of(client.sessionId);
    if (self) self.consumedCount = applied;
    // Without clients the serializer was not called, so it does not know what has changed.
    if (this.#clients.length === 0) this.#serializer.reset(this.state);
    if (!this.#clients.includes(client)) this.#clients.push(client);
    client.raw(this.#serializer.getFullState(client, this.#timing) as Buffer);
  }

  /** Forgets a client whose connection has ended. */
  remove(client: Client): void {
    const index = this.#clients.indexOf(client);
    if (index >= 0) this.#clients.splice(index, 1);
  }

  /** Returns the inputs that the room has received but not yet applied: queued moves, and queued predicted inputs. */
  waitingInputs(): { moves: WaitingInputs; predicted: WaitingInputs } {
    const source = new SchemaReader(this.#waiting);
    return { moves: readWaiting(source), predicted: readWaiting(source) };
  }

  /** Returns the whole room as a section. */
  section(): Uint8Array {
    const out = new SchemaWriter(64 * 1024);
    out.byte(WHOLE | (this.#isTimed ? TIMED : 0));
    out.float64(this.clock);
    out.number(this.maxId);
    out.block(this.#serializer.encoder.encodeAll({ offset: 0 }));
    this.players.write(out);
    out.block(this.#waiting);
    out.number(0);
    return out.written();
  }

  get #timing(): { sNow: number } | undefined {
    return this.#isTimed ? { sNow: this.clock } : undefined;
  }

  #readShared(changes: Uint8Array, isWhole: boolean): void {
    if (isWhole) this.#decoder = new Decoder(new WorldState());
    if (changes.length === 0) return;
    this.#decoder.decode(changes, { offset: 0 });
    for (const id of this.#decoder.root.refs.keys()) this.#maxId = Math.max(this.#maxId, id);
    copyShared(this.#decoder.state as IRef, this.state);
  }
}
