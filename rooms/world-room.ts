// The room `world`: players walk in four directions on a map and see each other. A body is a player's figure. A session
// is a player's stay in a room, connected or not. A signed-in player's new session takes over: it ends the old one.
import type { Client, MessageContext } from "colyseus";
import { MoveInput } from "../schema/move-input.ts";
import { Player } from "../schema/player.ts";
import { WorldState } from "../schema/world-state.ts";
import { inputOfWord } from "../sim/apply-input.ts";
import { QUEUE_LIMIT, TICK_HZ } from "../sim/rules.ts";
import { Chat } from "./chat.ts";
import { GameRoom } from "./game-room.ts";
import { InputRates } from "./input-rates.ts";
import { DEFAULT_MAP, type JoinOptions, randomPlayer } from "./join-options.ts";
import type { InputCounters } from "./observer.ts";
import { PlayerAutosave } from "./player-autosave.ts";
import { persistedFieldsOf } from "./player-store.ts";
import { Portals } from "./portals.ts";
import { createWorld, mapNamed, type RoomSettings, type RoomWorld } from "./room-settings.ts";

/** A client of the room. `auth.id` is the id of a signed-in player; a guest has none. */
type WorldClient = Client<{ auth: { id?: string } }>;

/** The room `world`. Its settings come from `defineWorldRoom`. */
export class WorldRoom extends GameRoom<{ state: WorldState; input: MoveInput; client: WorldClient }> {
  override state = new WorldState();
  /** The inputs of clients that predict their moves: one per tick. All other clients send the message `move`. */
  override inputs = this.defineInput(MoveInput, {
    tickRate: TICK_HZ,
    bufferMaxSize: QUEUE_LIMIT, // A full buffer drops its oldest input, which then counts as acknowledged.
    sanitize: () => this.#rates.countInput(), // Called for each input. Only counts it.
  });
  #settings!: RoomSettings;
  #world!: RoomWorld;
  #autosave!: PlayerAutosave;
  #chat!: Chat;
  #portals!: Portals;
  readonly #rates = new InputRates();

  /** Message handlers. They do not use the framework's `validate`, because it closes the connection on bad input. */
  override messages = {
    /** Queues a move in the direction that a word names, such as `left`. A full queue drops its oldest move. */
    move: (client: Client, word: unknown, context: MessageContext) => {
      const input = inputOfWord(word);
      if (!input) return this.sendError(client, "badMove", context);
      this.#rates.countMove(client);
      this.#world.queueMove(client.sessionId, input);
    },
    /** Says a text to all players in sight. */
    say: (client: Client, text: unknown, context: MessageContext) => this.#chat.say(client, text, context),
    /** Waves at all players in sight. */
    wave: (client: Client, _: unknown, context: MessageContext) => this.#chat.wave(client, context),
    /** Makes an invitation. A friend who joins with it starts beside the player. */
    invite: (client: Client) => this.#settings.sessions.invite(client),
    /** Ends the player's invitation. */
    uninvite: (client: Client) => this.#settings.sessions.uninvite(client),
    /** Answers any other message with an error. */
    _: (client: Client) => this.sendError(client, "unknownMessage"),
  };

  override onCreate({ map = DEFAULT_MAP, ...settings }: Partial<JoinOptions> & RoomSettings) {
    const ground = mapNamed(map, settings);
    this.#settings = settings;
    this.#world = createWorld(settings, ground, this.roomId);
    this.#autosave = new PlayerAutosave(settings.store, map);
    this.#chat = new Chat(this, settings);
    this.#portals = new Portals(ground, settings);
    this.state.assign({ map, width: ground.width, height: ground.height });
    this.limitSight(this.state, ground, this.inputs, settings);
    this.startTicks(settings, {
      everySecond: () => {
        settings.sessions.kick(this.#world.idle((settings.idleSeconds || Number.POSITIVE_INFINITY) * TICK_HZ), "idle");
        for (const client of this.#rates.tooFast(this.clients, this.inputs)) this.sendError(client, "tooManyInputs");
      },
    });
  }

  /** A player starts where its portal or invitation leads (`arrival`), else where it was saved, else at a spawn. */
  override async onJoin(client: WorldClient, { player: chosen, arrival }: Partial<JoinOptions> = {}) {
    const session = this.#settings.sessions.begin(this, client); // Takeover: saves and kicks the old session.
    const record = await this.#autosave.load(session.playerId); // On a takeover: the one just saved. A guest has none.
    session.startPlaying(); // Throws if the client has disconnected or a newer session has begun meanwhile.
    const player = new Player().assign({ ...randomPlayer(), ...(record && persistedFieldsOf(record)), ...chosen });
    this.#world.join(client.sessionId, player, this.#portals.placeOf(arrival) ?? record);
    this.state.players.set(client.sessionId, player);
    this.#autosave.track(client.sessionId, session.playerId, player, record);
    this.observer?.joined(this, client, session.playerId);
  }

  /** Called when a connection was lost or closed by the server. After a loss, the client may return and play on. */
  override async onDrop(client: WorldClient, code?: number) {
    this.#world.clearQueue(client.sessionId); // The body stands still. The framework clears the predicted inputs.
    const { reconnectionSeconds, sessions } = this.#settings;
    await sessions.get(client.sessionId)?.hold(code, () => this.holdSeat(client, reconnectionSeconds));
  }

  /** Called when a client is gone: it failed to join, left, was kicked or did not return, or the server stops. */
  override onLeave(client: WorldClient, code?: number) {
    this.despawn(client.sessionId);
    super.onLeave(client, code);
    this.#settings.sessions.get(client.sessionId)?.end();
  }

  /** Called after the last `onLeave`. A server that stops ends held seats before this, and flushes the store after. */
  override async onDispose() {
    await super.onDispose();
    await this.#world?.end?.(); // Completes the recording, if any. There is no world if `onCreate` threw.
  }

  /**
   * One tick, 20 times per second:
   * 1. each player takes at most one input: its oldest queued move, otherwise its oldest predicted input;
   * 2. players that have come onto a portal get a token, with which they can join the portal's map;
   * 3. each client is sent the changes in its sight; changed players are put into the store, which writes them later.
   */
  override step() {
    this.#world.tick((id) => this.inputs.get(id).next());
    this.#portals.check(this.clients, this.state.players);
    this.sendPatches();
    this.#autosave.save();
  }

  /** Saves and removes a session's body, if it still has one. A kick calls this, and later `onLeave` calls it again. */
  despawn(sessionId: string) {
    this.#autosave.release(sessionId);
    this.#world.leave(sessionId);
    if (this.state.players.has(sessionId)) this.state.players.delete(sessionId);
  }

  /** Counts the inputs so far: received, applied, no-ops, and still queued. */
  inputCounters = (): InputCounters => this.#rates.counters(this.#world, this.inputs, this.state.players.keys());
}
