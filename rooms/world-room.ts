// The room `world`: players walk in four directions on a map and see each other. Read it from top to bottom.
import { Encoder } from "@colyseus/schema";
import {
  type Client,
  CloseCode,
  generateId,
  logger,
  type MessageContext,
  Room,
  type RoomException,
  ServerError,
} from "colyseus";
import { MoveInput } from "../schema/move-input.ts";
import { Player } from "../schema/player.ts";
import { WorldState } from "../schema/world-state.ts";
import { directionOfCode, directionOfWord } from "../sim/directions.ts";
import type { WorldMap } from "../sim/map.ts";
import { seededRandom } from "../sim/random.ts";
import { QUEUE_LIMIT, TICK_HZ } from "../sim/rules.ts";
import { World } from "../sim/world.ts";
import { ERRORS } from "./errors.ts";
import { Grid } from "./interest/grid.ts";
import { InterestSerializer } from "./interest/interest-serializer.ts";
import { DEFAULT_MAP, type JoinOptions, parseJoinOptions } from "./join-options.ts";

/** What the server hands to each room through its definition; these win over join options of the same name. */
export interface WorldRoomSettings {
  /** Every map that can be joined, by name. */
  maps: ReadonlyMap<string, WorldMap>;
  /** Seconds for which a dropped connection keeps its place. */
  reconnectionSeconds: number;
  /** Start of the room's chance; by default another one for each room. */
  seed?: number;
}

/** The ways a connection ends without anybody having meant it to: gone away, no status, broken, told to retry. */
const DROPPED: ReadonlySet<number | undefined> = new Set([1001, 1005, 1006, CloseCode.MAY_TRY_RECONNECT]);

// Room for the full state of several thousand players; the framework's own buffer warns and grows from 350 on.
Encoder.BUFFER_SIZE = 256 * 1024;

export class WorldRoom extends Room<{ state: WorldState; input: MoveInput }> {
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

  #world!: World;
  #reconnectionSeconds!: number;

  // Checked here and not by the framework's validate(), which closes the connection on a bad word.
  override messages = {
    move: (client: Client, word: unknown, context: MessageContext) => {
      const direction = directionOfWord(word);
      if (direction === undefined) return this.#answer(client, ERRORS.badMove, context);
      this.#world.move(client.sessionId, direction);
    },
    _: (client: Client) => this.#answer(client, ERRORS.unknownMessage),
  };

  /** Checks a join before matchmaking: it is here that a join without a map becomes one for the default map. */
  static override async onAuth(_token: string, options: JoinOptions) {
    const parsed = parseJoinOptions(options);
    Object.assign(options, parsed);
    return true;
  }

  override onCreate({ map = DEFAULT_MAP, maps, reconnectionSeconds, seed }: Partial<JoinOptions> & WorldRoomSettings) {
    const ground = maps.get(map);
    if (!ground) {
      const known = [...maps.keys()].join(", ");
      throw new ServerError(ERRORS.unknownMap.code, `${ERRORS.unknownMap.sentence} The maps are: ${known}.`);
    }
    this.#world = new World(ground, seededRandom(seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!));
    this.#reconnectionSeconds = reconnectionSeconds;
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

  override onJoin(client: Client, options?: Partial<JoinOptions>) {
    const player = new Player().assign({ name: options?.name ?? `player-${generateId(4)}` });
    this.#world.join(client.sessionId, player);
    this.state.players.set(client.sessionId, player);
  }

  override onDrop(client: Client, code?: number) {
    this.#world.halt(client.sessionId);
    if (!DROPPED.has(code)) return;
    // Caught, because it rejects when nobody comes back, and at once for a client that never finished joining: left
    // bare, any client could end the process that way.
    return this.allowReconnection(client, this.#reconnectionSeconds).catch(() => {});
  }

  override onLeave(client: Client) {
    this.#world.leave(client.sessionId);
    if (this.state.players.has(client.sessionId)) this.state.players.delete(client.sessionId);
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
   * 2. what changed goes out at once, so that an input is seen within one tick.
   */
  step() {
    this.#world.tick((id) => this.inputs.get(id).next()?.direction);
    this.broadcastPatch();
  }

  /** Tells a client what was wrong with a message; whoever made a request of it gets the sentence as its answer. */
  #answer(client: Client, error: { code: number; sentence: string }, context?: MessageContext) {
    if (context?.id !== undefined) return context.reject(error.sentence);
    client.error(error.code, error.sentence);
  }
}
