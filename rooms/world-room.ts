// The room `world`: players walk in four directions on a map and see each other. Read it from top to bottom.
import type { Client, MessageContext } from "colyseus";
import { MoveInput } from "../schema/move-input.ts";
import { Player } from "../schema/player.ts";
import { WorldState } from "../schema/world-state.ts";
import { inputOfWord } from "../sim/apply-input.ts";
import { QUEUE_LIMIT, TICK_HZ } from "../sim/rules.ts";
import { GameRoom } from "./game-room.ts";
import { Grid } from "./interest/grid.ts";
import { InterestSerializer } from "./interest/interest-serializer.ts";
import { DEFAULT_MAP, type JoinOptions, randomName } from "./join-options.ts";
import type { InputCounters } from "./observer.ts";
import { PlayerAutosave } from "./player-autosave.ts";
import type { PlayerSession } from "./player-session.ts";
import { type PlayerRecord, persistedFieldsOf } from "./player-store.ts";
import { createWorld, type RoomSettings, type RoomWorld } from "./room-settings.ts";
import { serverError } from "./server-error.ts";

/** A client of the room. `auth.id` is the id of a signed-in player; a guest has none. */
type WorldClient = Client<{ auth: { id?: string } }>;

/** The room `world`. `defineWorldRoom` hands it its settings. */
export class WorldRoom extends GameRoom<{ state: WorldState; input: MoveInput; client: WorldClient }> {
  override state = new WorldState();

  /** Inputs of clients that predict, one per tick. A full buffer drops its oldest input, which counts as done. */
  override inputs = this.defineInput(MoveInput, {
    tickRate: TICK_HZ,
    bufferMaxSize: QUEUE_LIMIT,
    sanitize: () => {
      this.#received++; // The framework calls this hook for every input that arrives.
    },
  });

  #settings!: RoomSettings;
  #world!: RoomWorld;
  #autosave!: PlayerAutosave;
  #received = 0;

  /** Messages of any client. The framework's `validate` is not used: it closes the connection on an invalid word. */
  override messages = {
    /** Queues one step in the direction of a word. A full queue drops its oldest step. */
    move: (client: Client, word: unknown, context: MessageContext) => {
      const input = inputOfWord(word);
      if (!input) return this.sendError(client, "badMove", context);
      this.#received++;
      this.#world.queueMove(client.sessionId, input);
    },
    /** Any other message. */
    _: (client: Client) => this.sendError(client, "unknownMessage"),
  };

  override onCreate({ map = DEFAULT_MAP, ...settings }: Partial<JoinOptions> & RoomSettings) {
    const ground = settings.maps.get(map);
    if (!ground)
      throw serverError("unknownMap", `There is no map with this name. Maps: ${[...settings.maps.keys()].join(", ")}.`);
    this.#settings = settings;
    this.#world = createWorld(settings, ground, this.roomId);
    this.#autosave = new PlayerAutosave(settings.store, map);
    const { width, height } = ground;
    this.state.assign({ map, width, height });
    this.metadata = { ...this.metadata, map };
    this.setSerializer(new InterestSerializer(this.state, new Grid(width, height), (id) => this.inputs.get(id)));
    const idleTicks = (settings.idleSeconds || Number.POSITIVE_INFINITY) * TICK_HZ;
    this.startTicks(settings, { everySecond: () => settings.sessions.kick(this.#world.idle(idleTicks), "idle") });
  }

  /** A player starts at its saved position, if there is one, or at a spawn point. If this throws, `onLeave` follows. */
  override async onJoin(client: WorldClient, options: Partial<JoinOptions> = {}) {
    const session = this.#settings.sessions.begin(this, client); // A takeover kicks the player's other session.
    const record = await this.#autosave.load(session.playerId);
    // Throws if the client has gone, or the player's next session has begun, while the record was loading.
    session.startPlaying();
    this.#spawn(session, options.player, record);
    this.observer?.joined(this, client, session.playerId);
  }

  /** The body stands still. A lost connection keeps its seat; unless the client is back in time, `onLeave` follows. */
  override async onDrop(client: WorldClient, code?: number) {
    this.#world.clearQueue(client.sessionId); // The framework clears the predicted inputs.
    const { reconnectionSeconds, sessions } = this.#settings;
    await sessions.get(client.sessionId)?.hold(code, () => this.holdSeat(client, reconnectionSeconds));
  }

  /** The client is gone for good. */
  override onLeave(client: WorldClient, code?: number) {
    this.despawn(client.sessionId);
    super.onLeave(client, code);
    this.#settings.sessions.get(client.sessionId)?.end();
  }

  /** The room stops: every client was closed and saved by `onLeave`. There is no world if `onCreate` threw. */
  override async onDispose() {
    await super.onDispose();
    await this.#world?.end?.();
  }

  /**
   * One tick, 20 times per second:
   * 1. each player takes at most one input: its oldest queued move, otherwise its oldest predicted input;
   * 2. each client is sent the changes in its sight, so an input shows within one tick;
   * 3. changed players are put into the store, which writes them asynchronously.
   */
  override step() {
    this.#world.tick((id) => this.inputs.get(id).next());
    this.sendPatches();
    this.#autosave.save();
  }

  #spawn({ sessionId, playerId }: PlayerSession, chosen?: JoinOptions["player"], record?: PlayerRecord) {
    const player = new Player().assign({ name: randomName(), ...(record && persistedFieldsOf(record)), ...chosen });
    this.#world.join(sessionId, player, record);
    this.state.players.set(sessionId, player);
    this.#autosave.track(sessionId, playerId, player, record);
  }

  /** Saves and removes a session's body, if it has one. Called by `onLeave`, and when a session is kicked. */
  despawn(sessionId: string) {
    this.#autosave.release(sessionId);
    this.#world.leave(sessionId);
    if (this.state.players.has(sessionId)) this.state.players.delete(sessionId);
  }

  /** Counts the inputs so far by outcome. */
  inputCounters(): InputCounters {
    let queued = this.#world.queued;
    for (const id of this.state.players.keys()) queued += this.inputs.get(id).size;
    return { received: this.#received, applied: this.#world.applied, noop: this.#world.noop, queued };
  }
}
