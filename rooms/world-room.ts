// The room `world`: players walk in four directions on a map and see each other. Read it from top to bottom.
import { Encoder } from "@colyseus/schema";
import {
  type Client,
  ClientState,
  CloseCode,
  type Deferred,
  defineRoom,
  generateId,
  logger,
  type MessageContext,
  Room,
  type RoomException,
  ServerError,
} from "colyseus";
import { RecordedWorld, type Recordings } from "../replay/recorded-world.ts";
import { MoveInput } from "../schema/move-input.ts";
import { Player } from "../schema/player.ts";
import { WorldState } from "../schema/world-state.ts";
import { DOWN, directionOfCode, directionOfWord } from "../sim/directions.ts";
import type { WorldMap } from "../sim/map.ts";
import { QUEUE_LIMIT, TICK_HZ } from "../sim/rules.ts";
import { ERRORS } from "./errors.ts";
import { Grid } from "./interest/grid.ts";
import { InterestSerializer } from "./interest/interest-serializer.ts";
import { DEFAULT_MAP, type JoinOptions, parseJoinOptions } from "./join-options.ts";
import { KeptPlaces, type Place, type Places } from "./places.ts";
import { Sessions } from "./sessions.ts";

/** What the server hands to each room through its definition; these win over join options of the same name. */
export interface WorldRoomSettings {
  /** Every map that can be joined, by name. */
  maps: ReadonlyMap<string, WorldMap>;
  /** Seconds for which a dropped connection keeps its place. */
  reconnectionSeconds: number;
  /** The id of the player that a token names. Rejects with a ServerError, code and sentence, for a token that is no good. */
  identify: (token: string) => Promise<string>;
  /** Where the places of those with a token are kept. */
  places: Places;
  /** Start of the room's chance; by default another one for each room. */
  seed?: number;
  /** Keeps what the worlds are given, so that it can be played again. By default nothing is kept. */
  recordings?: Recordings;
}

/** A connection to the room. Who came without a token has no `id` (the framework gives `true`): a guest. */
type WorldClient = Client<{ auth: { id?: string } }>;

/** The ways a connection ends without anybody having meant it to: gone away, no status, broken, told to retry. */
const DROPPED: ReadonlySet<number | undefined> = new Set([1001, 1005, 1006, CloseCode.MAY_TRY_RECONNECT]);

// Room for the full state of several thousand players; the framework's own buffer warns and grows from 350 on.
Encoder.BUFFER_SIZE = 256 * 1024;

export class WorldRoom extends Room<{ state: WorldState; input: MoveInput; client: WorldClient }> {
  override state = new WorldState();

  /** Seconds for which a seat waits for its client. A stopping server waits for seats, so it must not be long. */
  override seatReservationTimeout = 5;

  // An unknown code is no direction. Not a range: a range clamps, and 200 would become a step nobody asked for.
  // When the buffer is full the framework drops the oldest input and acknowledges it.
  override inputs = this.defineInput(MoveInput, {
    bufferMaxSize: QUEUE_LIMIT,
    sanitize: (input) => {
      input.direction = directionOfCode(input.direction);
    },
  });

  #world!: RecordedWorld;
  #reconnectionSeconds!: number;
  #places!: KeptPlaces;
  #sessions!: Sessions;
  /** The seats that are held for dropped connections, by session id. */
  readonly #held = new Map<string, Deferred>();

  // Checked here and not by the framework's validate(), which closes the connection on a bad word.
  override messages = {
    move: (client: Client, word: unknown, context: MessageContext) => {
      const direction = directionOfWord(word);
      if (direction === undefined) return this.#answer(client, ERRORS.badMove, context);
      this.#world.move(client.sessionId, direction);
    },
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
    this.#places = new KeptPlaces(places, map);
    this.#sessions = sessions;
    this.state.map = map;
    this.state.width = ground.width;
    this.state.height = ground.height;
    this.metadata = { ...this.metadata, map };
    const grid = new Grid(ground.width, ground.height);
    this.setSerializer(new InterestSerializer(this.state, grid, (sessionId) => this.inputs.get(sessionId)));
    this.setFixedTimestep(() => this.step(), TICK_HZ);
    // Only after the timestep: as a field it would have the framework tick the room's clock by another timer, which
    // eats the time that the step is measured by.
    this.patchRate = null;
  }

  override async onJoin(client: WorldClient, options: Partial<JoinOptions> = {}) {
    const { sessionId } = client;
    const id = client.auth?.id;
    if (id === undefined) {
      this.#enter(sessionId, options.name);
      return;
    }
    // The body that this player has already goes now, and where it stood is the place that is found.
    this.#sessions.begin(id, sessionId, () => this.#giveWay(sessionId));
    const place = await this.#places.load(id).catch(refuseStoreAway);
    // Meanwhile the next one may have come, or this one gone: then there is to be no body.
    if (!this.#sessions.isCurrent(id, sessionId) || client.state === ClientState.LEAVING) {
      throw new ServerError(ERRORS.takenOver.code, ERRORS.takenOver.sentence);
    }
    const player = this.#enter(sessionId, options.name ?? place?.name, place);
    this.#places.keep(sessionId, id, player, place);
  }

  override async onDrop(client: WorldClient, code?: number) {
    const { sessionId } = client;
    this.#world.halt(sessionId);
    if (!DROPPED.has(code) || !this.state.players.has(sessionId)) return;
    const held = this.allowReconnection(client, this.#reconnectionSeconds);
    this.#held.set(sessionId, held);
    try {
      await held;
    } catch {
      // Caught, because it rejects when nobody comes back, and at once for a client that never finished joining: left
      // bare, any client could end the process that way.
    } finally {
      if (this.#held.get(sessionId) === held) this.#held.delete(sessionId);
    }
  }

  override onLeave(client: WorldClient) {
    this.#exit(client.sessionId);
    const id = client.auth?.id;
    if (id !== undefined) this.#sessions.finish(id, client.sessionId);
  }

  override onDispose() {
    // A room that was refused for its map has no world.
    return this.#world?.end();
  }

  /** Keeps a fault in one handler from being the end of every room: without it the framework shuts the process. */
  override onUncaughtException(error: RoomException, where: string) {
    // An answer to a client is no fault of ours.
    if (error.cause instanceof ServerError) return;
    logger.error({ err: error.cause, room: this.roomId, where }, "a room's handler threw");
  }

  /**
   * One tick:
   * 1. every player takes at most one of its waiting steps;
   * 2. what changed goes out at once, so that an input is seen within one tick;
   * 3. the places that are kept are handed on, to be written behind the room's back.
   */
  step() {
    this.#world.tick((id) => this.inputs.get(id).next()?.direction);
    this.broadcastPatch();
    this.#places.save();
  }

  /** Gives a session its body: where it stood before, if that is known. */
  #enter(sessionId: string, name = `player-${generateId(4)}`, before?: Place): Player {
    const player = new Player().assign({ name, facing: directionOfCode(before?.facing ?? DOWN) || DOWN });
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

  /** Ends a session whose player has come back in another one: the body goes first, then the connection or its seat. */
  #giveWay(sessionId: string): void {
    this.#exit(sessionId);
    this.#held.get(sessionId)?.reject(false);
    this.clients.get(sessionId)?.leave(ERRORS.takenOver.code, ERRORS.takenOver.sentence);
  }

  /** Tells a client what was wrong with a message; whoever made a request of it gets the sentence as its answer. */
  #answer(client: Client, error: { code: number; sentence: string }, context?: MessageContext) {
    if (context?.id !== undefined) return context.reject(error.sentence);
    client.error(error.code, error.sentence);
  }
}

/** What a room is handed in all: the sessions are of all rooms together. */
interface RoomSettings extends WorldRoomSettings {
  sessions: Sessions;
}

/** Refuses who came with a token while nobody knows where they stood. Guests need no store. */
function refuseStoreAway(): never {
  throw new ServerError(ERRORS.storeAway.code, ERRORS.storeAway.sentence);
}

/**
 * Defines the room. Rooms are matched by map; a player has one body in all of them.
 * It is a class of its own because the framework calls the static `onAuth` with neither class nor settings.
 */
export function defineWorldRoom(settings: WorldRoomSettings) {
  class DefinedRoom extends WorldRoom {
    /** Checks a join before matchmaking: it is here that a join without a map becomes one for the default map. */
    static override async onAuth(token: string | undefined, options: JoinOptions) {
      const parsed = parseJoinOptions(options);
      Object.assign(options, parsed);
      // `true` is somebody without a token: a guest.
      if (!token) return true;
      const id = await settings.identify(token);
      // The place is asked for once more when the seat is taken: until then it may change. This time it is about an
      // answer by HTTP, and a seat that nobody has to give back.
      if (settings.maps.has(parsed.map)) await settings.places.load(id, parsed.map).catch(refuseStoreAway);
      return { id };
    }
  }
  return defineRoom(DefinedRoom, { ...settings, sessions: new Sessions() }).filterBy(["map"]);
}
