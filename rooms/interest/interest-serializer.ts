// Sends each client only the players near its own, in the framework's standard wire format.
import { $changes, Encoder, encode, Reflection, type Schema } from "@colyseus/schema";
import { type Client, CloseCode, logger, Protocol, ProtocolModifier, type Serializer, WebSocketClient } from "colyseus";
import { STATE_HEADER_BYTES, TIMED_STATE_HEADER_BYTES } from "../../schema/protocol.ts";
import { Arena, type Slice } from "./arena.ts";
import { CellIndex, type Entity } from "./cell-index.ts";
import { type Grid, NO_CELL } from "./grid.ts";
import { PlayerCodec, type StateWithPlayers, type TrackedPlayer } from "./player-codec.ts";

/** Initial sizes in bytes of the arenas of a tick and of a full state. They grow on demand. */
const ARENA_SIZE = 256 * 1024;
const FULL_STATE_SIZE = 8 * 1024;

/** Bytes reserved before a body, for the header of its frame and the header of the WebSocket. */
const HEADROOM = TIMED_STATE_HEADER_BYTES + 4;

/** Fraction of the clients by which the first one served advances each tick. The golden ratio spreads turns evenly. */
const TURN = 0.382;

const NO_ENTITIES: readonly Entity<TrackedPlayer>[] = [];
const NO_INPUTS: AppliedInputs = { consumedCount: 0 };

/** The room's clock at a tick, in ms since the room began. The framework passes it if a room defines inputs. */
interface Timing {
  sNow: number;
}

/** Counts the inputs of a client that have been applied to the world. */
export interface AppliedInputs {
  readonly consumedCount: number;
}

/** The connection of a client, and the data that the client was last sent. */
interface View {
  readonly client: Viewer;
  connection: Viewer["ref"];
  /** The client's own player. It is undefined, or has left, while the client has no player. */
  self: Entity<TrackedPlayer> | undefined;
  /** The players in its full state, until its next patch. They may differ from the players that others were sent. */
  inFullState: ReadonlySet<Entity<TrackedPlayer>> | undefined;
  /** The cell whose visible players it was last sent. */
  cell: number;
  inputs: AppliedInputs;
  /** The last number of applied inputs that it was sent. */
  applied: number;
  /** Whether it missed a patch because it was backpressured. */
  needsFullState: boolean;
}

/** The property of a client that holds its view. */
const VIEW = Symbol("view");

/** A client whose connection may have capabilities that the framework does not require. */
type Viewer = Client & {
  [VIEW]?: View | undefined;
  ref?: {
    /** Whether so many bytes are queued for the client that it should be skipped. */
    readonly isBackpressured?: boolean;
    /**
     * Sends `bytes` from `start` to `end`, and may overwrite the four bytes before `start`. The caller may reuse the
     * buffer after the call.
     */
    sendInPlace?(bytes: Buffer, start: number, end: number): void;
  };
};

/**
 * The interest management of a room: a `Serializer` for `room.setSerializer`. Set it after the room has its state.
 *
 * Once per tick, every changed player is encoded once, cell by cell along the rows of the grid. A client gets a copy of
 * the changes in the cells around its own. A player that comes into sight is sent with all its fields; a player that
 * goes out of sight is removed. All clients in one cell get the same bytes, except for the number of their last applied
 * input. The other fields of the state are sent to all clients, by the framework's own encoder.
 */
export class InterestSerializer implements Serializer<StateWithPlayers> {
  readonly id = "schema";
  readonly #grid: Grid;
  readonly #inputsOf: (sessionId: string) => AppliedInputs;
  readonly #arena = new Arena(ARENA_SIZE);
  /** Start of each cell's changes in the arena. The changes of a row of cells are contiguous. */
  readonly #changesAt: Uint32Array;
  /** Caches of one tick: the body for the clients in each cell, and each encoded add. */
  readonly #bodies: (Slice | undefined)[];
  readonly #encodedAdds = new Map<Entity<TrackedPlayer>, Slice>();
  /** By cell: the players that entered or left its sight in this tick. */
  readonly #sightChanges: (Entity<TrackedPlayer>[] | undefined)[];
  #encoder!: Encoder;
  #players!: StateWithPlayers["players"];
  #codec!: PlayerCodec;
  #cellIndex!: CellIndex<TrackedPlayer>;
  #handshake!: Uint8Array;
  #sharedState: Uint8Array | undefined;
  #sharedChanges: Uint8Array = new Uint8Array();
  /** The views of the clients by their index in the room's list, as a cache. */
  readonly #views: (View | undefined)[] = [];
  #firstServed = 0;

  /**
   * @param inputsOf called for each full state, to get the input counter of its client.
   * @throws {Error} with a hint if interest management does not support the players of `state`.
   */
  constructor(state: StateWithPlayers, grid: Grid, inputsOf: (sessionId: string) => AppliedInputs) {
    this.#grid = grid;
    this.#inputsOf = inputsOf;
    this.#changesAt = new Uint32Array(grid.size + 1);
    this.#bodies = new Array(grid.size);
    this.#sightChanges = new Array(grid.size);
    this.reset(state);
  }

  /** Sets the room's state. Connected clients need a full state afterwards. */
  reset(state: StateWithPlayers): void {
    // Reuse the state's root: a new one would number its objects from 0 again.
    this.#encoder = new Encoder(state as Schema & StateWithPlayers, state[$changes]?.root);
    this.#players = state.players;
    this.#codec = new PlayerCodec(this.#encoder);
    this.#cellIndex = new CellIndex(this.#grid);
    this.#handshake = Reflection.encode(this.#encoder);
    this.#sharedState = undefined;
  }

  /** The framework's encoder of the state. The monitor needs it to show the size of the state. */
  get encoder(): Encoder {
    return this.#encoder;
  }

  /** Returns the schema of the state, which a client gets first: the names, numbers and types of all fields. */
  handshake(): Uint8Array {
    return this.#handshake;
  }

  /** Returns a frame with the state as the client sees it; without a client, with the whole state. */
  getFullState(client?: Client, timing?: Timing): Uint8Array {
    // A separate arena, because the arena of the tick may still hold frames that have not been sent.
    const arena = new Arena(FULL_STATE_SIZE);
    arena.reserve(HEADROOM);
    const cellIndex = this.#cellIndex;
    this.#updateCellIndex();
    const self = client && cellIndex.get(client.sessionId);
    const cell = self?.cell ?? NO_CELL;
    const inputs = client ? this.#inputsOf(client.sessionId) : NO_INPUTS;
    const applied = inputs.consumedCount;
    const inFullState = new Set<Entity<TrackedPlayer>>();
    if (client) cellIndex.eachInSight(cell, (entity) => inFullState.add(entity));
    else for (const entity of cellIndex.all()) inFullState.add(entity);

    this.#sharedState ??= this.#encoder.encodeAll({ offset: 0 }).slice();
    arena.append(this.#sharedState);
    arena.write(this.#codec.encodePlayersMap, this.#players);
    for (const entity of inFullState) arena.write(this.#codec.encodeAdd, entity);
    if (client)
      setView(client, { connection: client.ref, self, inFullState, cell, inputs, applied, needsFullState: false });
    const start = writeHeader(arena.bytes, HEADROOM, Protocol.ROOM_STATE, applied, timing);
    return Buffer.from(arena.bytes.subarray(start, arena.offset));
  }

  /**
   * Sends each client the changes in its sight since the last call. A client without changes gets no frame.
   * 1. Updates the cell index with the players that joined, left or crossed into another cell.
   * 2. Encodes each changed player once.
   * 3. Serves the clients, starting with a different one each time, so that no client is always last. A backpressured
   *    client is skipped. It gets a full state instead of the missed patches once its queue has drained.
   */
  applyPatches(clients: Client[], state: StateWithPlayers, timing?: Timing): boolean {
    if (state.players !== this.#players) return this.#resync(clients, state, timing);
    this.#arena.clear();
    this.#bodies.fill(undefined);
    this.#sightChanges.fill(undefined);
    this.#encodedAdds.clear();
    this.#sharedChanges = this.#encoder.encode();
    if (this.#sharedChanges.length > 0) this.#sharedState = undefined;
    this.#updateCellIndex();
    this.#collectSightChanges();
    this.#encodeChanges();
    this.#encoder.discardChanges();

    // All bodies are encoded before the first is sent, so a send cannot change another client's body.
    const count = clients.length;
    this.#firstServed += Math.ceil(count * TURN);
    const served: View[] = [];
    const bodies: Slice[] = [];
    const resyncing: View[] = [];
    this.#views.length = count;
    for (let turn = 0; turn < count; turn++) {
      const view = this.#viewOf(clients, (this.#firstServed + turn) % count);
      if (view?.needsFullState) resyncing.push(view);
      const body = view && !view.needsFullState && this.#patchFor(view);
      if (!body) continue;
      served.push(view);
      bodies.push(body);
    }
    this.#cellIndex.commit();
    const isDirect = WebSocketClient.prototype.raw === RAW;
    for (let turn = 0; turn < served.length; turn++) {
      const view = served[turn]!;
      view.needsFullState = view.connection?.isBackpressured === true;
      if (!view.needsFullState) this.#send(view, bodies[turn]!, isDirect, timing);
    }
    for (const view of resyncing) if (!view.connection?.isBackpressured) this.#sendFullState(view, timing);
    return true;
  }

  /** Sends all clients a full state, because the state's map of players was replaced. */
  #resync(clients: Client[], state: StateWithPlayers, timing?: Timing): boolean {
    this.reset(state);
    for (const { [VIEW]: view } of clients as Viewer[]) if (view) this.#sendFullState(view, timing);
    this.#cellIndex.commit();
    this.#encoder.discardChanges();
    return true;
  }

  /**
   * Returns the view of a client, if it has one, by the client's index in the list. Reading the view from the client
   * would fetch one more object from memory, for each client in each tick.
   */
  #viewOf(clients: readonly Viewer[], index: number): View | undefined {
    const client = clients[index]!;
    if (this.#views[index]?.client !== client) this.#views[index] = client[VIEW];
    return this.#views[index];
  }

  /** @param isDirect whether frames may bypass the framework's `raw`. */
  #send(view: View, body: Slice, isDirect: boolean, timing?: Timing): void {
    const { connection, client, applied } = view;
    const { bytes } = this.#arena;
    const start = writeHeader(bytes, body.start, Protocol.ROOM_STATE_PATCH, applied, timing);
    try {
      if (isDirect && connection?.sendInPlace) connection.sendInPlace(bytes, start, body.end);
      else client.raw(Buffer.from(bytes.subarray(start, body.end)));
    } catch (error) {
      this.#disconnect(client, error);
    }
  }

  #sendFullState({ client }: View, timing?: Timing): void {
    try {
      client.raw(this.getFullState(client, timing) as Buffer);
    } catch (error) {
      this.#disconnect(client, error);
    }
  }

  /** Disconnects a client after a failed send. It has missed data, so it must reconnect and get a full state. */
  #disconnect(client: Viewer, error: unknown): void {
    logger.error({ err: error, sessionId: client.sessionId }, "sending state to a client failed; disconnecting it");
    client[VIEW] = undefined;
    this.#views.length = 0;
    client.leave(CloseCode.MAY_TRY_RECONNECT);
  }

  #updateCellIndex(): void {
    this.#cellIndex.update(this.#players, this.#codec.hasChanged(this.#players));
  }

  /** Collects, for each cell, the players that entered or left its sight. */
  #collectSightChanges(): void {
    for (const entity of this.#cellIndex.moved) {
      this.#addSightChange(entity, entity.lastSentCell, entity.cell);
      this.#addSightChange(entity, entity.cell, entity.lastSentCell);
    }
  }

  /** Adds `entity` to the sight changes of the cells that see the cell `one` but not the cell `other`. */
  #addSightChange(entity: Entity<TrackedPlayer>, one: number, other: number): void {
    const rows = this.#grid.rowsInSight(one);
    for (let row = 0; row < rows.length; row += 2) {
      for (let cell = rows[row]!; cell <= rows[row + 1]!; cell++) {
        if (this.#grid.sees(cell, other)) continue;
        const changes = this.#sightChanges[cell];
        if (changes) changes.push(entity);
        else this.#sightChanges[cell] = [entity];
      }
    }
  }

  /** Encodes the changed players, cell by cell, so that the changes in a row of cells are one slice of the arena. */
  #encodeChanges(): void {
    const changed: Entity<TrackedPlayer>[] = [];
    for (const entity of this.#cellIndex.all()) {
      if (entity.cell !== NO_CELL && this.#codec.hasChanged(entity.player)) changed.push(entity);
    }
    changed.sort((a, b) => a.cell - b.cell);
    let cell = 0;
    for (const entity of changed) {
      while (cell <= entity.cell) this.#changesAt[cell++] = this.#arena.offset;
      this.#arena.write(this.#codec.encodeUpdate, entity.player);
    }
    this.#changesAt.fill(this.#arena.offset, cell);
  }

  /** Returns the body of a client's frame in this tick; undefined if the client needs no frame. */
  #patchFor(view: View): Slice | undefined {
    if (!view.self || view.self.cell === NO_CELL) view.self = this.#cellIndex.get(view.client.sessionId);
    const cell = view.self?.cell ?? view.cell;
    const body = view.inFullState || cell !== view.cell ? this.#writeBody(view, cell) : this.#bodyOfCell(view);
    const applied = view.inputs.consumedCount;
    view.inFullState = undefined;
    view.cell = cell;
    if (body.start === body.end && applied === view.applied) return undefined;
    view.applied = applied;
    return body;
  }

  /** Returns the body for all clients that were in the cell of `view` at the last patch and still are. */
  #bodyOfCell(view: View): Slice {
    // A client without a position has no cell. It gets only the changes that are sent to all clients.
    if (view.cell === NO_CELL) return this.#writeBody(view, NO_CELL);
    this.#bodies[view.cell] ??= this.#writeBody(view, view.cell);
    return this.#bodies[view.cell]!;
  }

  /** Encodes the body for a client that was last sent what `view` records, and that now sees from the cell `to`. */
  #writeBody({ cell: from, inFullState }: View, to: number): Slice {
    const arena = this.#arena;
    arena.reserve(HEADROOM);
    const start = arena.offset;
    if (this.#sharedChanges.length > 0) arena.append(this.#sharedChanges);
    if (inFullState) this.#encodeSinceFullState(inFullState, to);
    else if (from !== to) this.#encodeCrossing(from, to);
    else for (const entity of this.#sightChanges[to] ?? NO_ENTITIES) this.#encodeSightChange(entity, from, to);
    const rows = this.#grid.rowsInSight(to);
    for (let row = 0; row < rows.length; row += 2) {
      const changes = this.#changesAt[rows[row]!]!;
      const end = this.#changesAt[rows[row + 1]! + 1]!;
      if (changes < end) arena.appendSlice(changes, end);
    }
    return { start, end: arena.offset };
  }

  /**
   * Encodes the adds and removes for a client that has the players of its full state, and now sees from the cell `to`.
   */
  #encodeSinceFullState(inFullState: ReadonlySet<Entity<TrackedPlayer>>, to: number): void {
    for (const entity of inFullState) {
      if (!this.#grid.sees(to, entity.cell)) this.#encodeRemove(entity);
    }
    this.#cellIndex.eachInSight(to, (entity) => {
      if (!inFullState.has(entity)) this.#encodeAdd(entity);
    });
  }

  /**
   * Encodes the adds and removes for a client that crossed cells: the players in the sight of only one of the two
   * cells.
   */
  #encodeCrossing(from: number, to: number): void {
    for (const entity of this.#cellIndex.moved) this.#encodeSightChange(entity, from, to);
    const encodeIfUnmoved = (entity: Entity<TrackedPlayer>) => {
      if (entity.cell === entity.lastSentCell) this.#encodeSightChange(entity, from, to);
    };
    this.#cellIndex.eachOutOfSight(to, from, encodeIfUnmoved);
    this.#cellIndex.eachOutOfSight(from, to, encodeIfUnmoved);
  }

  /** Encodes a remove for a player that left the client's sight, or an add for one that entered it. */
  #encodeSightChange(entity: Entity<TrackedPlayer>, from: number, to: number): void {
    const wasVisible = this.#grid.sees(from, entity.lastSentCell);
    const isVisible = this.#grid.sees(to, entity.cell);
    if (wasVisible && !isVisible) this.#encodeRemove(entity);
    else if (isVisible && !wasVisible) this.#encodeAdd(entity);
  }

  #encodeRemove(entity: Entity<TrackedPlayer>): void {
    this.#arena.write(this.#codec.encodeRemove, entity);
  }

  #encodeAdd(entity: Entity<TrackedPlayer>): void {
    const encoded = this.#encodedAdds.get(entity);
    if (encoded) this.#arena.appendSlice(encoded.start, encoded.end);
    else {
      const start = this.#arena.offset;
      this.#arena.write(this.#codec.encodeAdd, entity);
      this.#encodedAdds.set(entity, { start, end: this.#arena.offset });
    }
  }
}

/** The framework's `raw`. To simulate latency the framework replaces it. Every frame must then pass the replacement. */
const RAW = WebSocketClient.prototype.raw;

/** The write position of `writeHeader`. */
const at = { offset: 0 };

/**
 * Writes a frame's header before its body: its code and, in a room with inputs, the room's clock and the number of the
 * client's applied inputs.
 * @returns the start of the frame.
 */
function writeHeader(bytes: Buffer, bodyStart: number, code: number, applied: number, timing?: Timing): number {
  const start = bodyStart - (timing ? TIMED_STATE_HEADER_BYTES : STATE_HEADER_BYTES);
  bytes[start] = timing ? code | ProtocolModifier.TIMED : code;
  if (!timing) return start;
  at.offset = start + STATE_HEADER_BYTES;
  encode.uint32(bytes, timing.sNow, at);
  encode.uint32(bytes, applied, at);
  return start;
}

/** Records the full state that a client was sent. A client keeps its view object until it leaves. */
function setView(client: Viewer, sent: Omit<View, "client">): void {
  if (client[VIEW]) Object.assign(client[VIEW], sent);
  else client[VIEW] = { client, ...sent };
}
