// Sends each client what is near its player, and nothing else, in the framework's standard wire format.
import { $changes, Encoder, Reflection, type Schema } from "@colyseus/schema";
import { type Client, ClientState, Protocol, ProtocolModifier, type Serializer } from "colyseus";
import { Arena, type Slice } from "./arena.ts";
import { Census, type Resident } from "./census.ts";
import { type Grid, NOWHERE } from "./grid.ts";
import { type PeopledState, PlayerCodec, type TrackedPlayer } from "./player-codec.ts";

/** Bytes before the body of a frame: the code and, in a room with inputs, the room's clock and an input number. */
const HEAD = 1;
const TIMED_HEAD = 9;

/** The arena's first size in bytes; it grows with the crowd. */
const ARENA_SIZE = 256 * 1024;

/** Share of the clients by which the first one served moves on each tick. The golden section spreads turns evenly. */
const TURN = 0.382;

/** The room's clock at a tick, in ms since the room began; the framework gives it where a room defines inputs. */
interface Timing {
  sNow: number;
}

/** What a client was last told. */
interface View {
  /** The cell from which it was last shown the world. */
  cell: number;
  /** The number of its last applied input that it was told of. */
  applied: number;
}

/** Tells how many inputs of a client have been applied to the world. */
export type AppliedInputs = (sessionId: string) => number;

/**
 * The interest management of a room: a `Serializer` for `room.setSerializer`, after the room has its state.
 *
 * Once per tick, every player that changed is encoded once, cell by cell along the rows of the grid; what a client gets
 * of it is the rows of cells around its own, copied. Who comes into sight is introduced whole, who goes out of it is
 * taken away. All clients in one cell get the same bytes, save for the number of their last applied input.
 * The fields of the state beside `players` go to everyone, by the framework's own encoder.
 */
export class InterestSerializer implements Serializer<PeopledState> {
  readonly id = "schema";
  readonly #grid: Grid;
  readonly #applied: AppliedInputs;
  readonly #arena = new Arena(ARENA_SIZE);
  readonly #views = new WeakMap<Client, View>();
  /** Where the changes of each cell begin in the arena; those of a row of cells follow each other. */
  readonly #changesAt: Uint32Array;
  /** What this tick needs more than once: what is sent to all in a cell, and who was introduced to somebody. */
  readonly #bodies = new Map<number, Slice>();
  readonly #introductions = new Map<Resident<TrackedPlayer>, Slice>();
  #encoder!: Encoder;
  #codec!: PlayerCodec;
  #census!: Census<TrackedPlayer>;
  #handshake!: Uint8Array;
  #sharedState: Uint8Array | undefined;
  #shared: Uint8Array = new Uint8Array();
  #firstServed = 0;

  /** Throws when `state` has players that cannot be shown to some and not to others; the sentence has the mend. */
  constructor(state: PeopledState, grid: Grid, applied: AppliedInputs) {
    this.#grid = grid;
    this.#applied = applied;
    this.#changesAt = new Uint32Array(grid.size + 1);
    this.reset(state);
  }

  reset(state: PeopledState): void {
    // The root that the state already has goes on: a new one would number its objects from 0 again.
    this.#encoder = new Encoder(state as Schema & PeopledState, state[$changes]?.root);
    this.#codec = new PlayerCodec(this.#encoder);
    this.#census = new Census(this.#grid);
    this.#handshake = Reflection.encode(this.#encoder);
    this.#sharedState = undefined;
  }

  handshake(): Uint8Array {
    return this.#handshake;
  }

  /** Everything that is in sight of a client as everybody was last told of it; without a client, everything there is. */
  getFullState(client?: Client, timing?: Timing): Uint8Array {
    const arena = this.#arena;
    arena.clear();
    this.#sharedState ??= this.#encoder.encodeAll({ offset: 0 }).slice();
    const introduce = (resident: Resident<TrackedPlayer>) => {
      // Somebody else of whom nobody was told is introduced to everybody with the next patch.
      if (resident.toldCell === NOWHERE && resident.id !== client?.sessionId) return;
      arena.write((bytes, at) => this.#codec.introduction(resident, bytes, at));
    };
    this.#write(this.#sharedState);
    arena.write((bytes, at) => this.#codec.players(bytes, at));
    if (!client) {
      for (const resident of this.#census.all()) introduce(resident);
      return this.#frame(Protocol.ROOM_STATE, undefined, 0, { start: 0, end: arena.offset });
    }
    const view = { cell: this.#ownCell(client) ?? NOWHERE, applied: this.#applied(client.sessionId) };
    this.#views.set(client, view);
    this.#census.eachInSight(view.cell, introduce);
    return this.#frame(Protocol.ROOM_STATE, timing, view.applied, { start: 0, end: arena.offset });
  }

  /**
   * Sends every client what changed in its sight since the last call, and nothing where nothing did:
   * 1. takes the census: who came, left, or crossed into another cell;
   * 2. encodes each changed player once;
   * 3. serves the clients, beginning with another one every time, so that nobody is always last.
   */
  applyPatches(clients: Client[], state: PeopledState, timing?: Timing): boolean {
    this.#arena.clear();
    this.#bodies.clear();
    this.#introductions.clear();
    this.#shared = this.#encoder.encode();
    if (this.#shared.length > 0) this.#sharedState = undefined;
    this.#census.take(state.players);
    this.#encodeChanges();
    this.#encoder.discardChanges();

    this.#firstServed += Math.ceil(clients.length * TURN);
    for (let turn = 0; turn < clients.length; turn++) {
      this.#serve(clients[(this.#firstServed + turn) % clients.length]!, timing);
    }
    this.#census.settle();
    return true;
  }

  /** Encodes what changed, cell by cell, so that what is seen of a row of cells is one stretch of the arena. */
  #encodeChanges(): void {
    const changed: Resident<TrackedPlayer>[] = [];
    for (const resident of this.#census.all()) {
      // Whoever is new is introduced, with all there is to know.
      if (resident.toldCell !== NOWHERE && this.#codec.hasChanged(resident.player)) changed.push(resident);
    }
    changed.sort((a, b) => a.cell - b.cell);
    let cell = 0;
    for (const resident of changed) {
      while (cell <= resident.cell) this.#changesAt[cell++] = this.#arena.offset;
      this.#arena.write((bytes, at) => this.#codec.change(resident.player, bytes, at));
    }
    this.#changesAt.fill(this.#arena.offset, cell);
  }

  #serve(client: Client, timing?: Timing): void {
    const view = this.#views.get(client);
    if (!view || client.state !== ClientState.JOINED) return;
    const cell = this.#ownCell(client) ?? view.cell;
    const body = cell === view.cell ? this.#bodyOf(cell) : this.#writeBody(view.cell, cell);
    const applied = this.#applied(client.sessionId);
    if (body.start === body.end && applied === view.applied) return;
    view.cell = cell;
    view.applied = applied;
    client.raw(this.#frame(Protocol.ROOM_STATE_PATCH, timing, applied, body) as Buffer);
  }

  /** What everybody gets who has been in a cell since the last tick. */
  #bodyOf(cell: number): Slice {
    let body = this.#bodies.get(cell);
    if (!body) {
      body = this.#writeBody(cell, cell);
      this.#bodies.set(cell, body);
    }
    return body;
  }

  /** What somebody gets who was shown the world from the cell `from`, as everybody was told of it, and is in `to` now. */
  #writeBody(from: number, to: number): Slice {
    const arena = this.#arena;
    const grid = this.#grid;
    const start = arena.offset;
    this.#write(this.#shared);
    const tell = (resident: Resident<TrackedPlayer>) => {
      const known = grid.sees(from, resident.toldCell);
      const seen = grid.sees(to, resident.cell);
      if (known && !seen) arena.write((bytes, at) => this.#codec.farewell(resident, bytes, at));
      else if (seen && !known) this.#introduce(resident);
    };
    this.#census.moved.forEach(tell);
    if (from !== to) {
      const tellIfStill = (resident: Resident<TrackedPlayer>) => {
        if (resident.cell === resident.toldCell) tell(resident);
      };
      this.#census.eachInSight(from, tellIfStill);
      this.#census.eachInSight(to, (resident) => {
        if (!grid.sees(from, resident.cell)) tellIfStill(resident);
      });
    }
    grid.eachRowInSight(to, (first, last) => arena.repeat(this.#changesAt[first]!, this.#changesAt[last + 1]!));
    return { start, end: arena.offset };
  }

  #introduce(resident: Resident<TrackedPlayer>): void {
    const written = this.#introductions.get(resident);
    if (written) this.#arena.repeat(written.start, written.end);
    else {
      const slice = this.#arena.write((bytes, at) => this.#codec.introduction(resident, bytes, at));
      this.#introductions.set(resident, slice);
    }
  }

  /** The cell a client's own player stands in, as far as the census knows. */
  #ownCell(client: Client): number | undefined {
    return this.#census.get(client.sessionId)?.cell;
  }

  #write(source: Uint8Array): void {
    if (source.length === 0) return;
    this.#arena.write((bytes, at) => {
      if (at.offset + source.length <= bytes.length) bytes.set(source, at.offset);
      at.offset += source.length;
    });
  }

  /** One frame for one client. A buffer of its own: the socket may still hold it when the arena is written anew. */
  #frame(code: number, timing: Timing | undefined, applied: number, body: Slice): Uint8Array {
    const head = timing ? TIMED_HEAD : HEAD;
    const frame = Buffer.allocUnsafe(head + body.end - body.start);
    frame[0] = timing ? code | ProtocolModifier.TIMED : code;
    if (timing) {
      frame.writeUInt32LE(timing.sNow >>> 0, 1);
      frame.writeUInt32LE(applied >>> 0, 5);
    }
    this.#arena.copy(frame, head, body);
    return frame;
  }
}
