// The room `world`: players walk in four directions on a map and see each other. Read it from top to bottom.
import {
  type Client,
  ClientState,
  CloseCode,
  type Deferred,
  logger,
  type MessageContext,
  OnJoinException,
  Room,
  type RoomException,
  ServerError,
  TimestepException,
} from "colyseus";
import { RecordedWorld, type Recordings } from "../replay/recorded-world.ts";
import { ERRORS } from "../schema/errors.ts";
import { MoveInput } from "../schema/move-input.ts";
import { Player } from "../schema/player.ts";
import { WorldState } from "../schema/world-state.ts";
import { directionOfWord } from "../sim/directions.ts";
import type { WorldMap } from "../sim/map.ts";
import { QUEUE_LIMIT, TICK_HZ, TICK_MS } from "../sim/rules.ts";
import { Grid } from "./interest/grid.ts";
import { InterestSerializer } from "./interest/interest-serializer.ts";
import { DEFAULT_MAP, type JoinOptions } from "./join-options.ts";
import { Metronome } from "./metronome.ts";
import type { InputCounters, RoomObserver } from "./observer.ts";
import { PlayerAutosave, type PlayerRecord, type PlayerStore, persistedFieldsOf } from "./player-store.ts";
import { unrefSeatTimers } from "./seats.ts";
import type { Sessions } from "./sessions.ts";

/** What each room is handed by its definition: rooms/define-world-room.ts. It wins over join options of the same name. */
export interface RoomSettings {
  /** Every map that can be joined, by name. */
  maps: ReadonlyMap<string, WorldMap>;
  /** Seconds for which a dropped connection keeps its place. */
  reconnectionSeconds: number;
  /** Seconds for which a player may ask for no step before it is removed; 0 for as long as it likes. */
  idleSeconds: number;
  /** Where the places of those with a token are kept. */
  places: PlayerStore;
  /** Who is here, in the rooms of all definitions together. */
  sessions: Sessions;
  /** Who is told what happens; nobody by default. */
  observer?: RoomObserver;
  /** Start of the room's chance; by default another one for each room. */
  seed?: number;
  /** Keeps what the worlds are given, so that it can be played again. By default nothing is kept. */
  recordings?: Recordings;
}

/** A connection to the room. Who came without a token has no `id` (the framework gives `true`): a guest. */
type WorldClient = Client<{ auth: { id?: string } }>;

/** The ways a connection ends without anybody having meant it to: gone away, no status, broken, told to retry. */
const DROPPED: ReadonlySet<number | undefined> = new Set([1001, 1005, 1006, CloseCode.MAY_TRY_RECONNECT]);

/** The room `world`. To be defined by `defineWorldRoom` of rooms/define-world-room.ts, which hands it its settings. */
export class WorldRoom extends Room<{ state: WorldState; input: MoveInput; client: WorldClient }> {
  override state = new WorldState();

  /** Seconds for which a seat waits for its client. As long as it does, a full room has one place less. */
  override seatReservationTimeout = 5;

  // What a code means, and that most mean nothing, is sim/apply-input.ts: a range here would clamp, and 200 would become a step.
  // When the buffer is full the framework drops the oldest input and acknowledges it.
  override inputs = this.defineInput(MoveInput, {
    tickRate: TICK_HZ,
    bufferMaxSize: QUEUE_LIMIT,
    sanitize: () => {
      this.#received++;
    },
  });

  #ticks: Metronome | undefined;
  #world!: RecordedWorld;
  #reconnectionSeconds!: number;
  #places!: PlayerAutosave;
  #sessions!: Sessions;
  #observer: RoomObserver | undefined;
  /** Moves and inputs that have arrived. */
  #received = 0;
  /** The seats that are held for dropped connections, by session id. */
  readonly #held = new Map<string, Deferred>();

  // Checked here and not by the framework's validate(), which closes the connection on a bad word.
  override messages = {
    /** One step. It answers what is no direction, and the connection stays. */
    move: (client: Client, word: unknown, context: MessageContext) => {
      const direction = directionOfWord(word);
      if (direction === undefined) return this.#answer(client, ERRORS.badMove, context);
      this.#received++;
      this.#world.move(client.sessionId, direction);
    },
    /** Whatever else is sent. */
    _: (client: Client) => this.#answer(client, ERRORS.unknownMessage),
  };

  override onCreate({ map = DEFAULT_MAP, maps, sessions, places, ...settings }: Partial<JoinOptions> & RoomSettings) {
    const ground = maps.get(map);
    if (!ground) {
      const known = [...maps.keys()].join(", ");
      throw new ServerError(ERRORS.unknownMap.code, `${ERRORS.unknownMap.sentence} The maps are: ${known}.`);
    }
    const seed = settings.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
    this.#world = new RecordedWorld(ground, seed, this.roomId, settings.recordings, Date.now());
    this.#reconnectionSeconds = settings.reconnectionSeconds;
    this.#places = new PlayerAutosave(places, map);
    this.#sessions = sessions;
    this.#observer = settings.observer;
    this.state.map = map;
    this.state.width = ground.width;
    this.state.height = ground.height;
    this.metadata = { ...this.metadata, map };
    const grid = new Grid(ground.width, ground.height);
    this.setSerializer(new InterestSerializer(this.state, grid, (sessionId) => this.inputs.get(sessionId)));
    this.#ticks = new Metronome(TICK_MS, () => this.#tick());
    // Also where nobody is dismissed: without a timestep the framework ticks the room's clock, sixty times a second as
    // soon as it sends no patches by itself.
    this.setTimestep(() => this.#dismissIdle(settings.idleSeconds), 1000);
    this.patchRate = null;
    this.#observer?.opened(this);
  }

  override async onJoin(client: WorldClient, options: Partial<JoinOptions> = {}) {
    const { sessionId } = client;
    const id = client.auth?.id;
    if (id === undefined) {
      this.#enter(sessionId, options.player);
      this.#observer?.joined(this, client);
      return;
    }
    // The body that this player has already goes now, and where it stood is the place that is found.
    this.#sessions.begin(id, sessionId, {
      end: () => this.#dismiss(sessionId, ERRORS.takenOver),
      fills: (map) => map === this.state.map && this.locked,
    });
    const place = await this.#places.load(id);
    // Meanwhile the next one may have come, or this one gone: then there is to be no body.
    if (!this.#sessions.isCurrent(id, sessionId) || client.state === ClientState.LEAVING) {
      throw new ServerError(ERRORS.takenOver.code, ERRORS.takenOver.sentence);
    }
    const player = this.#enter(sessionId, options.player, place);
    this.#places.keep(sessionId, id, player, place);
    this.#observer?.joined(this, client, id);
  }

  override async onDrop(client: WorldClient, code?: number) {
    const { sessionId } = client;
    this.#world.clearQueue(sessionId);
    if (!DROPPED.has(code) || !this.state.players.has(sessionId)) return;
    const held = this.allowReconnection(client, this.#reconnectionSeconds);
    unrefSeatTimers(this);
    this.#held.set(sessionId, held);
    this.#observer?.held(this, client, held);
    try {
      await held;
    } catch {
      // It rejects when the client does not come back. An unhandled rejection could stop the process.
    } finally {
      if (this.#held.get(sessionId) === held) this.#held.delete(sessionId);
    }
  }

  override onLeave(client: WorldClient, code?: number) {
    this.#exit(client.sessionId);
    this.#observer?.left(this, client, code);
    const id = client.auth?.id;
    if (id !== undefined) this.#sessions.finish(id, client.sessionId);
  }

  /** Ends the ticks and the recording. A subclass with an `onDispose` of its own calls this one. */
  override onDispose() {
    this.#ticks?.stop();
    this.#observer?.closed(this);
    // A room that was refused for its map has no world.
    return this.#world?.end();
  }

  /** Keeps a fault in one handler from being the end of every room: without it the framework shuts the process. */
  override onUncaughtException(error: RoomException, where: string) {
    // An answer to a client is no fault of ours.
    if (error.cause instanceof ServerError) {
      if (error instanceof OnJoinException) this.#observer?.refused(error.cause, this, error.client);
      return;
    }
    logger.error({ err: error.cause, room: this.roomId, where }, "a room's handler threw");
  }

  /**
   * One tick:
   * 1. every player takes at most one of its waiting steps;
   * 2. what changed goes out at once, so that an input is seen within one tick;
   * 3. the places that are kept are handed on, to be written behind the room's back.
   */
  step() {
    const begun = performance.now();
    this.#world.tick((id) => this.inputs.get(id).next()?.direction);
    const moved = performance.now();
    this.broadcastPatch();
    this.#observer?.ticked(this, begun, moved, performance.now());
    this.#places.save();
  }

  #tick(): void {
    try {
      this.clock.tick();
      this.step();
    } catch (error) {
      this.onUncaughtException(new TimestepException(error as Error, String(error)), "setTimestep");
    }
  }

  /** What has become of the inputs so far. It counts those that wait, so it is not for every tick. */
  inputCounters(): InputCounters {
    let queued = this.#world.queued;
    for (const id of this.state.players.keys()) queued += this.inputs.get(id).size;
    return { received: this.#received, applied: this.#world.applied, noop: this.#world.noop, queued };
  }

  /** Gives a session its body: as it was before, if that is known, save for what it has chosen to be now. */
  #enter(sessionId: string, chosen?: JoinOptions["player"], before?: PlayerRecord): Player {
    const player = new Player().assign({
      name: `player-${crypto.randomUUID().slice(0, 4)}`,
      ...(before && persistedFieldsOf(before)),
      ...chosen,
    });
    this.#world.join(sessionId, player, before);
    this.state.players.set(sessionId, player);
    return player;
  }

  /** Takes the body of a session out of the world, and keeps its place. */
  #exit(sessionId: string): void {
    this.#places.release(sessionId);
    this.#world.leave(sessionId);
    if (this.state.players.has(sessionId)) this.state.players.delete(sessionId);
  }

  /** Ends a session that is not to come back: the body goes first, then the connection or the seat that is held for it. */
  #dismiss(sessionId: string, error: { code: number; sentence: string }): void {
    this.#exit(sessionId);
    this.#held.get(sessionId)?.reject(false);
    this.clients.get(sessionId)?.leave(error.code, error.sentence);
  }

  /**
   * Dismisses who has stood still for too long. The framework's idle-kick plugin cannot: to it a ping is a sign of life,
   * and the page sends one each second whether or not anybody looks at it. Besides, it takes who has just come
   * back, and sent nothing yet, for somebody who never sent anything.
   */
  #dismissIdle(seconds: number): void {
    if (seconds === 0) return;
    for (const sessionId of this.#world.idle(seconds * TICK_HZ)) this.#dismiss(sessionId, ERRORS.idle);
  }

  /** Tells a client what was wrong with a message; whoever made a request of it gets the sentence as its answer. */
  #answer(client: Client, error: { code: number; sentence: string }, context?: MessageContext) {
    if (context?.id !== undefined) return context.reject(error.sentence);
    client.error(error.code, error.sentence);
  }
}
