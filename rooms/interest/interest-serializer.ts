// Sends each client only the players near its own player, in the framework's standard wire format.
import { $changes, Encoder, encode, Reflection, type Schema } from "@colyseus/schema";
import { type Client, CloseCode, logger, Protocol, ProtocolModifier, type Serializer, WebSocketClient } from "colyseus";
import { STATE_HEADER_BYTES, TIMED_STATE_HEADER_BYTES } from "../../schema/protocol.ts";
import { TICK_HZ } from "../../sim/rules.ts";
import { Arena, type Slice } from "./arena.ts";
import { CellIndex, type Entity } from "./cell-index.ts";
import { MAX_HEADER_BYTES } from "./frame-header.ts";
import { type Grid, type KeptSides, NO_CELL } from "./grid.ts";
import { PlayerCodec, type StateWithPlayers, type TrackedPlayer } from "./player-codec.ts";
import { SightEncoder } from "./sight-encoder.ts";
import { type SightMessage, SightMessages } from "./sight-messages.ts";
import { UpdateEncoder } from "./update-encoder.ts";
import {
  type AppliedInputs,
  type FollowingFrames,
  type InputsById,
  setView,
  VIEW,
  type View,
  type Viewer,
} from "./view.ts";
import { WatchedCells } from "./watched-cells.ts";

/** Initial sizes in bytes of the buffer for one tick and of the buffer for one full state. Both grow on demand. */
const ARENA_SIZE = 256 * 1024;
const FULL_STATE_SIZE = 8 * 1024;

/** Bytes reserved before the body of a frame: for the state frame's header, and for the WebSocket frame's header. */
const HEADROOM = TIMED_STATE_HEADER_BYTES + MAX_HEADER_BYTES;

/**
 * The share of a client's byte budget that is for patches and the messages that follow them. The rest is for pings,
 * answers and other messages.
 */
const PATCH_SHARE = 0.96;

/**
 * A tick serves the clients in the order of their list, but starts at a different client each time. From tick to tick,
 * the start moves on by this fraction of the list: 1 - 0.618, from the golden ratio. Over many ticks, each client is
 * then equally often among the first.
 */
const TURN = 0.382;

const NO_INPUTS: AppliedInputs = { consumedCount: 0 };

/** The room's clock at a tick, in ms since the room began. The framework passes it if a room defines inputs. */
interface Timing {
  sNow: number;
}

/** The encoded body of a patch. `updates`: the size of its updates in bytes, as returned by `UpdateEncoder.append`. */
interface Body extends Slice {
  readonly updates: number;
  /** The messages that are sent with the patch. Their frames follow the body in the arena. */
  readonly messages: readonly SightMessage[];
  readonly following: FollowingFrames | undefined;
}

/**
 * The interest management of a room: a `Serializer` for `room.setSerializer`. Set it after the room has its state.
 *
 * In each tick, every changed player in sight of a client is encoded once, cell by cell along the rows of the grid. A
 * client gets a copy of the changes in the cells around its own player. A player that comes into sight is sent with all
 * its fields. A player that goes out of sight is removed. Clients that stay in the same cell usually get the same
 * bytes, except for the number of their applied inputs. The framework's own encoder sends the other fields of the state
 * to all clients.
 *
 * Players take turns if the changes in a client's sight exceed its budget: see UpdateSchedule. The client's own player
 * and those nearest to it are still sent in every tick, see UpdateEncoder.
 */
export class InterestSerializer implements Serializer<StateWithPlayers> {
  readonly id = "schema";
  readonly #grid: Grid;
  readonly #inputs: InputsById;
  readonly #arena = new Arena(ARENA_SIZE);
  /** The arena of one full state. It is separate, because the arena of the tick may still hold frames to be sent. */
  readonly #fullState = new Arena(FULL_STATE_SIZE);
  readonly #bytesPerTick: number;
  /**
   * The bodies of this tick for clients whose cell and kept sides are the same as at their last patch. Such clients can
   * share a body. `#bodies`: by cell, the bodies for clients without kept sides. `#crowdBodies`: all other bodies, by
   * kept sides and cell.
   */
  readonly #bodies: (Body | undefined)[];
  readonly #crowdBodies = new Map<number, Body>();
  #encoder!: Encoder;
  #players!: StateWithPlayers["players"];
  #codec!: PlayerCodec;
  #cellIndex!: CellIndex<TrackedPlayer>;
  readonly #watched: WatchedCells;
  #sight!: SightEncoder;
  #updates!: UpdateEncoder;
  #messages!: SightMessages;
  #handshake!: Uint8Array;
  #sharedState: Uint8Array | undefined;
  #sharedChanges: Uint8Array = new Uint8Array();
  /** A cache of the clients' views, by the index of the client in the room's list. */
  readonly #views: (View | undefined)[] = [];
  #firstServed = 0;

  /**
   * @param inputs returns the input counter of a client. Called for each full state.
   * @param maxBytesPerSecond the budget of each client for patches; 0 for no limit. Full states are not counted.
   * @throws {Error} with a hint if interest management does not support the players of `state`.
   */
  constructor(state: StateWithPlayers, grid: Grid, inputs: InputsById, maxBytesPerSecond = 0) {
    this.#grid = grid;
    this.#inputs = inputs;
    this.#bytesPerTick = ((maxBytesPerSecond || Number.POSITIVE_INFINITY) * PATCH_SHARE) / TICK_HZ;
    this.#bodies = new Array(grid.size);
    this.#watched = new WatchedCells(grid);
    this.reset(state);
  }

  /** Sets the room's state. Connected clients need a full state afterwards. */
  reset(state: StateWithPlayers): void {
    // An encoder marks each object in a full state with the number of that full state, counted from 1. A second encoder
    // of the same state would count from 1 again, and skip objects with an equal mark. So a new encoder is created only
    // for another state. It uses that state's root, because a new root would number the state's objects from 0 again.
    if ((this.#encoder as Encoder | undefined)?.state !== state)
      this.#encoder = new Encoder(state as Schema & StateWithPlayers, state[$changes]?.root);
    this.#players = state.players;
    this.#codec = new PlayerCodec(this.#encoder);
    this.#cellIndex = new CellIndex(this.#grid);
    const parts = [this.#grid, this.#arena, this.#cellIndex, this.#codec, this.#watched] as const;
    this.#sight = new SightEncoder(...parts);
    this.#updates = new UpdateEncoder(...parts, this.#bytesPerTick);
    this.#messages = new SightMessages(this.#grid, this.#cellIndex, this.#bytesPerTick);
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

  /**
   * Whether any client may have this player, as of the last patches and full states. Call this before the player
   * changes. The framework need not track the next changes of a player that no client has, because a client gets all
   * fields of a player that comes into its sight.
   */
  isWatched({ x, y }: TrackedPlayer): boolean {
    return this.#watched.has(this.#grid.cellAt(x, y));
  }

  /** Returns a frame with the part of the state that `client` sees; with the whole state if `client` is undefined. */
  getFullState(client?: Client, timing?: Timing): Uint8Array {
    const arena = this.#fullState;
    arena.clear();
    arena.reserve(HEADROOM);
    const cellIndex = this.#cellIndex;
    this.#updateCellIndex();
    const self = client && cellIndex.get(client.sessionId);
    const cell = self?.cell ?? NO_CELL;
    this.#watched.watchFrom(cell);
    const inputs = client ? this.#inputs.get(client.sessionId) : NO_INPUTS;
    const applied = inputs.consumedCount;
    const inFullState = new Set<Entity<TrackedPlayer>>();
    if (client) cellIndex.eachInSight(cell, (entity) => inFullState.add(entity));
    else for (const entity of cellIndex.all()) inFullState.add(entity);

    this.#sharedState ??= this.#encoder.encodeAll({ offset: 0 }).slice();
    arena.append(this.#sharedState);
    arena.write(this.#codec.encodePlayersMap, this.#players);
    for (const entity of inFullState) arena.write(this.#codec.encodeAdd, entity);
    const skippedMessages = this.#messages.waiting;
    if (client) setView(client, { connection: client.ref, self, inFullState, skippedMessages, cell, inputs, applied });
    const start = writeHeader(arena.bytes, HEADROOM, Protocol.ROOM_STATE, applied, timing);
    return Buffer.from(arena.bytes.subarray(start, arena.offset));
  }

  /**
   * Sends a message to the clients that have a player in sight, and to the player's own client, with the next patch.
   * Clients that join later do not get the message.
   * @throws {RangeError} if the message is too large for a frame.
   */
  toSight(sessionId: string, type: string, content: object): void {
    this.#messages.add(sessionId, type, content);
  }

  /**
   * Sends each client the changes in its sight since the last call. A client without changes gets no frame.
   * 1. Updates the cell index with the players that joined, left or crossed into another cell.
   * 2. Decides which changed players in sight of a client are sent in this tick, and encodes each of them once.
   * 3. Serves the clients, starting with a different one each time, so that no client is always last. A backpressured
   *    client is skipped. It gets a full state instead of the missed patches once its queue has drained.
   */
  applyPatches(clients: Client[], state: StateWithPlayers, timing?: Timing): boolean {
    if (state.players !== this.#players) return this.#resync(clients, state, timing);
    this.#arena.clear();
    this.#bodies.fill(undefined);
    this.#crowdBodies.clear();
    this.#sharedChanges = this.#encoder.encode();
    if (this.#sharedChanges.length > 0) this.#sharedState = undefined;
    this.#updateCellIndex();
    this.#watch(clients);
    this.#sight.beginTick();
    this.#messages.beginTick();
    this.#updates.beginTick(this.#messages.bytes);
    this.#encoder.discardChanges();

    // All bodies are encoded before the first is sent. So changes that a send causes cannot affect another body.
    const count = clients.length;
    this.#firstServed += Math.ceil(count * TURN);
    const served: View[] = [];
    const bodies: Body[] = [];
    const resyncing: View[] = [];
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
   * Returns the view of the client at this index of the list, if the client has one. The cache saves a memory access to
   * the client object for each client in each tick.
   */
  #viewOf(clients: readonly Viewer[], index: number): View | undefined {
    const client = clients[index]!;
    if (this.#views[index]?.client !== client) this.#views[index] = client[VIEW];
    return this.#views[index];
  }

  /** Marks the cells around all clients as watched. */
  #watch(clients: readonly Viewer[]): void {
    this.#views.length = clients.length;
    // All cells count as watched, except in a process with fewer clients than players. Usually this is a process of a
    // cluster: the clients of many players are in other processes.
    const areAllWatched = clients.length >= this.#cellIndex.size;
    this.#watched.beginTick(areAllWatched);
    if (areAllWatched) return;
    for (let index = 0; index < clients.length; index++) {
      const view = this.#viewOf(clients, index);
      if (view) this.#watched.watchFrom(this.#cellOf(view));
    }
  }

  /**
   * Returns the cell of the client's own player, even if the player is new; the client's last cell if the client has no
   * player.
   */
  #cellOf(view: View): number {
    if (!view.self || view.self.cell === NO_CELL) {
      view.self = this.#cellIndex.get(view.client.sessionId);
      view.nearestAt = 0;
    }
    return view.self?.cell ?? view.cell;
  }

  /** @param isDirect whether frames may be sent without `client.raw`: false if the framework has replaced it. */
  #send(view: View, body: Body, isDirect: boolean, timing?: Timing): void {
    const { connection, client, applied } = view;
    const { bytes } = this.#arena;
    const start = writeHeader(bytes, body.start, Protocol.ROOM_STATE_PATCH, applied, timing);
    try {
      if (isDirect && connection?.sendInPlace?.(bytes, start, body.end, body.following)) return;
      client.raw(Buffer.from(bytes.subarray(start, body.end)));
      for (const { type, content } of body.messages) client.send(type, content);
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

  /** Returns the body of a client's frame in this tick; undefined if the client needs no frame. */
  #patchFor(view: View): Body | undefined {
    const cell = this.#cellOf(view);
    const kept = this.#updates.keptSides(view, cell);
    const isSame = !view.inFullState && cell === view.cell && kept === view.kept;
    const shared = isSame ? this.#bodyOfCell(view) : this.#writeBody(view, cell, kept);
    const { self } = view;
    const needsNearest = self !== undefined && this.#updates.limits(cell);
    const body = needsNearest ? this.#withNearest(view, self, shared) : shared;
    const applied = view.inputs.consumedCount;
    view.inFullState = undefined;
    view.skippedMessages = 0;
    view.cell = cell;
    view.kept = kept;
    const end = body.following?.end ?? body.end;
    const isEmpty = body.start === end && applied === view.applied;
    if (isEmpty) return undefined;
    view.applied = applied;
    return body;
  }

  /**
   * Returns the body for a client whose cell and kept sides are the same as at its last patch. All such clients with
   * the same cell and the same kept sides share this body.
   */
  #bodyOfCell(view: View): Body {
    // A client without a position has no cell. It gets only the changes that are sent to all clients.
    if (view.cell === NO_CELL) return this.#writeBody(view, NO_CELL, 0);
    if (view.kept === 0) {
      this.#bodies[view.cell] ??= this.#writeBody(view, view.cell, 0);
      return this.#bodies[view.cell]!;
    }
    const key = view.kept * this.#grid.size + view.cell;
    let body = this.#crowdBodies.get(key);
    if (!body) {
      body = this.#writeBody(view, view.cell, view.kept);
      this.#crowdBodies.set(key, body);
    }
    return body;
  }

  /** Encodes the body for a client that is now in the cell `to`. `view` records what the client was last sent. */
  #writeBody(view: View, to: number, kept: KeptSides): Body {
    const arena = this.#arena;
    arena.reserve(HEADROOM);
    const start = arena.offset;
    if (this.#sharedChanges.length > 0) arena.append(this.#sharedChanges);
    this.#sight.encode(view, to, kept);
    const updates = this.#updates.append(to, kept);
    return this.#finish(start, updates, this.#messages.heardIn(to, view.skippedMessages));
  }

  /**
   * Returns a copy of the body `shared`, followed by those changes of the players nearest to `self` that `shared` does
   * not contain.
   */
  #withNearest(view: View, self: Entity<TrackedPlayer>, shared: Body): Body {
    const { start } = this.#updates.appendWithNearest(view, self, shared, HEADROOM);
    return this.#finish(start, shared.updates, shared.messages);
  }

  /** Ends the body that begins at `start`, and appends the frames of the messages that are sent with it. */
  #finish(start: number, updates: number, messages: readonly SightMessage[]): Body {
    const arena = this.#arena;
    const end = arena.offset;
    if (messages.length === 0) return { start, end, updates, messages, following: undefined };
    let bytes = 0;
    for (const message of messages) {
      arena.append(message.frame);
      bytes += message.bytes;
    }
    return { start, end, updates, messages, following: { end: arena.offset, count: messages.length, bytes } };
  }
}

/**
 * The framework's original `raw`. The framework replaces this method to simulate latency, and then all frames must go
 * through the replacement.
 */
const RAW = WebSocketClient.prototype.raw;

/** The write position in `writeHeader`. All calls share this object, so that no call allocates one. */
const at = { offset: 0 };

/**
 * Writes a frame's header before its body. The header has the frame's code and, in a room with inputs, the room's clock
 * and the number of the client's applied inputs.
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
