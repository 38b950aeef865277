// Sends each client what is near its player, and nothing else, in the framework's standard wire format.
import { $changes, Encoder, encode, Reflection, type Schema } from "@colyseus/schema";
import { type Client, CloseCode, logger, Protocol, ProtocolModifier, type Serializer, WebSocketClient } from "colyseus";
import { Arena, type Slice } from "./arena.ts";
import { CellIndex, type Entity } from "./cell-index.ts";
import { type Grid, NO_CELL } from "./grid.ts";
import { type PeopledState, PlayerCodec, type TrackedPlayer } from "./player-codec.ts";

/** First sizes in bytes of what a tick and a full state are written into; they grow with the crowd. */
const ARENA_SIZE = 256 * 1024;
const FULL_STATE_SIZE = 8 * 1024;

/** Bytes of a frame's head: its code and, in a room with inputs, two 32-bit numbers. */
const HEAD = 1;
const TIMED_HEAD = 9;

/** Bytes that are left free before a body: for the head of its frame, and for what a WebSocket puts before that. */
const HEADROOM = TIMED_HEAD + 4;

/** Share of the clients by which the first one served moves on each tick. The golden section spreads turns evenly. */
const TURN = 0.382;

const NOBODY: readonly Entity<TrackedPlayer>[] = [];
const NO_INPUTS: AppliedInputs = { consumedCount: 0 };

/** The room's clock at a tick, in ms since the room began; the framework gives it where a room defines inputs. */
interface Timing {
  sNow: number;
}

/** How many inputs of a client have been applied to the world so far. */
export interface AppliedInputs {
  readonly consumedCount: number;
}

/** What a client was last told, and how it is reached. */
interface View {
  readonly client: Viewer;
  connection: Viewer["ref"];
  /** Its own player; somebody who has left, or nobody, while it has none. */
  self: Entity<TrackedPlayer> | undefined;
  /** Whom it was shown in its full state, until the patch after that: it may differ from what others were told. */
  shown: ReadonlySet<Entity<TrackedPlayer>> | undefined;
  /** The cell from which it was last shown the world. */
  cell: number;
  inputs: AppliedInputs;
  /** How many of its applied inputs it was told of. */
  applied: number;
  /** Whether it was left out, because it does not keep up with what it is sent: it needs a full state. */
  needsFullState: boolean;
}

/** A client's view, on the client itself. */
const VIEW = Symbol("view");

/** A client whose connection may do more than the framework asks of it. */
type Viewer = Client & {
  [VIEW]?: View | undefined;
  ref?: {
    /** Whether so much waits for the client that it is better left out. */
    readonly isBackpressured?: boolean;
    /**
     * Sends `bytes` from `start` to `end`, and may write over the four bytes before them. When it returns, what it was
     * given may be written anew.
     */
    sendInPlace?(bytes: Buffer, start: number, end: number): void;
  };
};

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
  readonly #inputsOf: (sessionId: string) => AppliedInputs;
  readonly #arena = new Arena(ARENA_SIZE);
  /** Where the changes of each cell begin in the arena; those of a row of cells follow each other. */
  readonly #changesAt: Uint32Array;
  /** What this tick needs more than once: by cell, what is sent to all in it and who came into their sight or left it. */
  readonly #bodies: (Slice | undefined)[];
  readonly #news: (Entity<TrackedPlayer>[] | undefined)[];
  readonly #introductions = new Map<Entity<TrackedPlayer>, Slice>();
  #encoder!: Encoder;
  #players!: PeopledState["players"];
  #codec!: PlayerCodec;
  #census!: CellIndex<TrackedPlayer>;
  #handshake!: Uint8Array;
  #sharedState: Uint8Array | undefined;
  #shared: Uint8Array = new Uint8Array();
  /** The views of the clients by their place in the room's list, as far as they are known. */
  readonly #views: (View | undefined)[] = [];
  #firstServed = 0;

  /**
   * `inputsOf`: what counts the inputs of a client; asked for once per connection.
   * Throws when `state` has players that cannot be shown to some and not to others; the sentence has the mend.
   */
  constructor(state: PeopledState, grid: Grid, inputsOf: (sessionId: string) => AppliedInputs) {
    this.#grid = grid;
    this.#inputsOf = inputsOf;
    this.#changesAt = new Uint32Array(grid.size + 1);
    this.#bodies = new Array(grid.size);
    this.#news = new Array(grid.size);
    this.reset(state);
  }

  /** Takes a state as the room's. Whoever is connected needs a full state after it. */
  reset(state: PeopledState): void {
    // The root that the state already has goes on: a new one would number its objects from 0 again.
    this.#encoder = new Encoder(state as Schema & PeopledState, state[$changes]?.root);
    this.#players = state.players;
    this.#codec = new PlayerCodec(this.#encoder);
    this.#census = new CellIndex(this.#grid);
    this.#handshake = Reflection.encode(this.#encoder);
    this.#sharedState = undefined;
  }

  /** The framework's encoder of the state; the monitor shows the size of a state that has one. */
  get encoder(): Encoder {
    return this.#encoder;
  }

  /** What a client is told first: the names, numbers and types of all fields. */
  handshake(): Uint8Array {
    return this.#handshake;
  }

  /** Everything that is in sight of a client; without a client, everything there is. */
  getFullState(client?: Client, timing?: Timing): Uint8Array {
    // An arena of its own: a state may be asked for while the frames of a tick are still being sent.
    const arena = new Arena(FULL_STATE_SIZE);
    arena.reserve(HEADROOM);
    const census = this.#census;
    this.#takeCensus();
    const self = client && census.get(client.sessionId);
    const cell = self?.cell ?? NO_CELL;
    const inputs = client ? this.#inputsOf(client.sessionId) : NO_INPUTS;
    const applied = inputs.consumedCount;
    const shown = new Set<Entity<TrackedPlayer>>();
    if (client) census.eachInSight(cell, (resident) => shown.add(resident));
    else for (const resident of census.all()) shown.add(resident);

    this.#sharedState ??= this.#encoder.encodeAll({ offset: 0 }).slice();
    arena.append(this.#sharedState);
    arena.write(this.#codec.players, this.#players);
    for (const resident of shown) arena.write(this.#codec.encodeAdd, resident);
    if (client) tellAll(client, { connection: client.ref, self, shown, cell, inputs, applied, needsFullState: false });
    const start = writeHead(arena.bytes, HEADROOM, Protocol.ROOM_STATE, applied, timing);
    return Buffer.from(arena.bytes.subarray(start, arena.offset));
  }

  /**
   * Sends every client what changed in its sight since the last call, and nothing where nothing did:
   * 1. takes the census: who came, left, or crossed into another cell;
   * 2. encodes each changed player once;
   * 3. serves the clients, beginning with another one every time, so that nobody is always last. Who does not keep up
   *    is skipped, and gets a full state in place of all missed patches as soon as it has read what was queued.
   */
  applyPatches(clients: Client[], state: PeopledState, timing?: Timing): boolean {
    if (state.players !== this.#players) return this.#resync(clients, state, timing);
    this.#arena.clear();
    this.#bodies.fill(undefined);
    this.#news.fill(undefined);
    this.#introductions.clear();
    this.#shared = this.#encoder.encode();
    if (this.#shared.length > 0) this.#sharedState = undefined;
    this.#takeCensus();
    this.#noteMoved();
    this.#encodeChanges();
    this.#encoder.discardChanges();

    // All bodies are written before the first is sent: whatever a client does while it is sent to changes nobody else's.
    const count = clients.length;
    this.#firstServed += Math.ceil(count * TURN);
    const served: View[] = [];
    const bodies: Slice[] = [];
    const late: View[] = [];
    this.#views.length = count;
    for (let turn = 0; turn < count; turn++) {
      const view = this.#viewOf(clients, (this.#firstServed + turn) % count);
      if (view?.needsFullState) late.push(view);
      const body = view && !view.needsFullState && this.#patchFor(view);
      if (!body) continue;
      served.push(view);
      bodies.push(body);
    }
    this.#census.commit();
    const isDirect = WebSocketClient.prototype.raw === RAW;
    for (let turn = 0; turn < served.length; turn++) {
      const view = served[turn]!;
      view.needsFullState = view.connection?.isBackpressured === true;
      if (!view.needsFullState) this.#send(view, bodies[turn]!, isDirect, timing);
    }
    for (const view of late) if (!view.connection?.isBackpressured) this.#sendAll(view, timing);
    return true;
  }

  /** Another map of players has come in the place of the one that clients know: everybody gets a full state. */
  #resync(clients: Client[], state: PeopledState, timing?: Timing): boolean {
    this.reset(state);
    for (const { [VIEW]: view } of clients as Viewer[]) if (view) this.#sendAll(view, timing);
    this.#census.commit();
    this.#encoder.discardChanges();
    return true;
  }

  /**
   * The view of a client that has one, by its place in the list: looking into the client itself would be one object more
   * to fetch from memory, for each client in each tick.
   */
  #viewOf(clients: readonly Viewer[], index: number): View | undefined {
    const client = clients[index]!;
    if (this.#views[index]?.client !== client) this.#views[index] = client[VIEW];
    return this.#views[index];
  }

  /** `isDirect`: whether a connection that can may be given the frame without a detour by the framework. */
  #send(view: View, body: Slice, isDirect: boolean, timing?: Timing): void {
    const { connection, client, applied } = view;
    const { bytes } = this.#arena;
    const start = writeHead(bytes, body.start, Protocol.ROOM_STATE_PATCH, applied, timing);
    try {
      if (isDirect && connection?.sendInPlace) connection.sendInPlace(bytes, start, body.end);
      else client.raw(Buffer.from(bytes.subarray(start, body.end)));
    } catch (error) {
      this.#lose(client, error);
    }
  }

  #sendAll({ client }: View, timing?: Timing): void {
    try {
      client.raw(this.getFullState(client, timing) as Buffer);
    } catch (error) {
      this.#lose(client, error);
    }
  }

  /** A client that could not be sent to has missed something, so it must return to a full state. */
  #lose(client: Viewer, error: unknown): void {
    logger.error({ err: error, sessionId: client.sessionId }, "a client could not be sent its patch");
    client[VIEW] = undefined;
    this.#views.length = 0;
    client.leave(CloseCode.MAY_TRY_RECONNECT);
  }

  #takeCensus(): void {
    this.#census.update(this.#players, this.#codec.hasChanged(this.#players));
  }

  /** Notes for every cell who came into the sight of it or went out of it. */
  #noteMoved(): void {
    for (const resident of this.#census.moved) {
      this.#note(resident, resident.lastSentCell, resident.cell);
      this.#note(resident, resident.cell, resident.lastSentCell);
    }
  }

  /** Notes `resident` for the cells that see the cell `one` and not the cell `other`. */
  #note(resident: Entity<TrackedPlayer>, one: number, other: number): void {
    const rows = this.#grid.rowsInSight(one);
    for (let row = 0; row < rows.length; row += 2) {
      for (let cell = rows[row]!; cell <= rows[row + 1]!; cell++) {
        if (this.#grid.sees(cell, other)) continue;
        const news = this.#news[cell];
        if (news) news.push(resident);
        else this.#news[cell] = [resident];
      }
    }
  }

  /** Encodes what changed, cell by cell, so that what is seen of a row of cells is one stretch of the arena. */
  #encodeChanges(): void {
    const changed: Entity<TrackedPlayer>[] = [];
    for (const resident of this.#census.all()) {
      if (resident.cell !== NO_CELL && this.#codec.hasChanged(resident.player)) changed.push(resident);
    }
    changed.sort((a, b) => a.cell - b.cell);
    let cell = 0;
    for (const resident of changed) {
      while (cell <= resident.cell) this.#changesAt[cell++] = this.#arena.offset;
      this.#arena.write(this.#codec.encodeUpdate, resident.player);
    }
    this.#changesAt.fill(this.#arena.offset, cell);
  }

  /** The body of the frame that one client gets in this tick, if it gets any. */
  #patchFor(view: View): Slice | undefined {
    if (!view.self || view.self.cell === NO_CELL) view.self = this.#census.get(view.client.sessionId);
    const cell = view.self?.cell ?? view.cell;
    const body = view.shown || cell !== view.cell ? this.#writeBody(view, cell) : this.#bodyOf(view);
    const applied = view.inputs.consumedCount;
    view.shown = undefined;
    view.cell = cell;
    if (body.start === body.end && applied === view.applied) return undefined;
    view.applied = applied;
    return body;
  }

  /** What everybody gets who was in the cell of `view` at the last patch and still is. */
  #bodyOf(view: View): Slice {
    // Somebody who is nowhere, as its room keeps no body for it, sees what everybody sees.
    if (view.cell === NO_CELL) return this.#writeBody(view, NO_CELL);
    this.#bodies[view.cell] ??= this.#writeBody(view, view.cell);
    return this.#bodies[view.cell]!;
  }

  /** What somebody gets who was last told what `view` says, and sees the world from the cell `to` now. */
  #writeBody({ cell: from, shown }: View, to: number): Slice {
    const arena = this.#arena;
    arena.reserve(HEADROOM);
    const start = arena.offset;
    if (this.#shared.length > 0) arena.append(this.#shared);
    if (shown) this.#tellNewcomer(shown, to);
    else if (from !== to) this.#tellCrosser(from, to);
    else for (const resident of this.#news[to] ?? NOBODY) this.#tell(resident, from, to);
    const rows = this.#grid.rowsInSight(to);
    for (let row = 0; row < rows.length; row += 2) {
      const changes = this.#changesAt[rows[row]!]!;
      const end = this.#changesAt[rows[row + 1]! + 1]!;
      if (changes < end) arena.appendSlice(changes, end);
    }
    return { start, end: arena.offset };
  }

  /** Tells somebody who was `shown` some players, and is in the cell `to` now, who else is in sight and who no more. */
  #tellNewcomer(shown: ReadonlySet<Entity<TrackedPlayer>>, to: number): void {
    for (const resident of shown) {
      if (!this.#grid.sees(to, resident.cell)) this.#dismiss(resident);
    }
    this.#census.eachInSight(to, (resident) => {
      if (!shown.has(resident)) this.#introduce(resident);
    });
  }

  /** Tells somebody who crossed from one cell to another of everybody who is in the sight of only one of them. */
  #tellCrosser(from: number, to: number): void {
    for (const resident of this.#census.moved) this.#tell(resident, from, to);
    const tellIfStill = (resident: Entity<TrackedPlayer>) => {
      if (resident.cell === resident.lastSentCell) this.#tell(resident, from, to);
    };
    this.#census.eachOutOfSight(to, from, tellIfStill);
    this.#census.eachOutOfSight(from, to, tellIfStill);
  }

  /** Takes leave of a player or introduces it, if it was or will be in sight, and not both. */
  #tell(resident: Entity<TrackedPlayer>, from: number, to: number): void {
    const known = this.#grid.sees(from, resident.lastSentCell);
    const seen = this.#grid.sees(to, resident.cell);
    if (known && !seen) this.#dismiss(resident);
    else if (seen && !known) this.#introduce(resident);
  }

  #dismiss(resident: Entity<TrackedPlayer>): void {
    this.#arena.write(this.#codec.encodeRemove, resident);
  }

  #introduce(resident: Entity<TrackedPlayer>): void {
    const written = this.#introductions.get(resident);
    if (written) this.#arena.appendSlice(written.start, written.end);
    else {
      const start = this.#arena.offset;
      this.#arena.write(this.#codec.encodeAdd, resident);
      this.#introductions.set(resident, { start, end: this.#arena.offset });
    }
  }
}

/** The framework's way to send: it puts another in its place to simulate latency, which must not miss a frame. */
const RAW = WebSocketClient.prototype.raw;

/** Where a head is being written. */
const at = { offset: 0 };

/**
 * Writes the head of a frame before its body: its code and, in a room with inputs, the room's clock and the client's
 * input number.
 * @returns where the frame begins.
 */
function writeHead(bytes: Buffer, body: number, code: number, applied: number, timing?: Timing): number {
  const start = body - (timing ? TIMED_HEAD : HEAD);
  bytes[start] = timing ? code | ProtocolModifier.TIMED : code;
  if (!timing) return start;
  at.offset = start + HEAD;
  encode.uint32(bytes, timing.sNow, at);
  encode.uint32(bytes, applied, at);
  return start;
}

/** Notes what a client was told in its full state. One view is the client's for as long as it stays. */
function tellAll(client: Viewer, told: Omit<View, "client">): void {
  if (client[VIEW]) Object.assign(client[VIEW], told);
  else client[VIEW] = { client, ...told };
}
