// The base of every room of this server, independent of the game. It ticks at even intervals, reports to the observer
// and sends error replies. It catches the errors of handlers, so that they do not affect other rooms.
import {
  type Client,
  type Deferred,
  getMessageBytes,
  logger,
  type MessageContext,
  OnJoinException,
  Protocol,
  Room,
  type RoomException,
  type RoomOptions,
  type Serializer,
  ServerError,
  TimestepException,
} from "colyseus";
import { ERRORS, type ErrorName, taggedMessage } from "../schema/errors.ts";
import { SAY_LIMITS } from "../schema/protocol.ts";
import { TICK_MS } from "../sim/rules.ts";
import type { StateWithPlayers } from "./interest/player-codec.ts";
import {
  type CreateSightSerializer,
  createInterestSerializer,
  type MapSize,
  type SightSerializer,
} from "./interest/sight-serializer.ts";
import type { InputsById } from "./interest/view.ts";
import { Metronome } from "./metronome.ts";
import type { ObservedRoom, RoomObserver } from "./observer.ts";
import type { Sessions } from "./player-session.ts";
import type { RoomSeats, SeatsOf } from "./room-seats.ts";
import { textProblem } from "./visible-text.ts";

/** Milliseconds after which a full room may free a reserved seat that its client has not claimed. */
const SLOW_SEAT_MS = 5000;

/** The settings that every room receives. */
export interface GameRoomSettings {
  /** Receives the events of the rooms. */
  observer?: RoomObserver;
  /** Called once per room. Gives the room access to its seats, which are private in the framework. */
  seatsOf: SeatsOf;
  /** The sessions of all rooms of the process. */
  sessions: Sessions;
  /** Creates the serializer of a room. The default sends each client what is in its sight. */
  createSerializer?: CreateSightSerializer;
  /** Calls `tick` once per tick until `stop` is called. By default each room has a metronome of its own. */
  startClock?: (tick: () => void, room: Room) => Pick<Metronome, "stop">;
}

/** A room that ticks. A subclass calls `startTicks` at the end of its `onCreate`. */
export abstract class GameRoom<Types extends RoomOptions> extends Room<Types> {
  /**
   * Seconds for which a seat stays reserved for a joining client. During this time the seat counts as a player. Once
   * the seat is reserved, a join takes three round trips, or more with TLS. On a slow network a round trip takes 3 s.
   */
  override seatReservationTimeout = 15;

  protected observer: RoomObserver | undefined;
  protected seats!: RoomSeats;
  #sessions: Sessions | undefined;
  #sight: SightSerializer | undefined;
  #ticks: Pick<Metronome, "stop"> | undefined;
  #tickStartedAt = 0;
  /**
   * Whether `disconnect` was called. A second call must not stop the framework's timer, which ends the room after its
   * held seats are released.
   */
  #isEnding = false;

  /** One tick of the game. It must call `sendPatches` once. */
  protected abstract step(): void;

  /** Starts the ticks, and calls `everySecond` about once per second. */
  protected startTicks(
    { observer, seatsOf, sessions, startClock = (tick) => new Metronome(TICK_MS, tick) }: GameRoomSettings,
    { everySecond }: { everySecond: () => void },
  ): void {
    this.observer = observer;
    this.#sessions = sessions;
    this.seats = seatsOf(this as unknown as Room);
    this.#ticks = startClock(() => this.#tick(), this as unknown as Room);
    // Sets a timestep, because without one the framework would tick the room's clock 60 times per second while
    // `patchRate` is null.
    this.setTimestep(everySecond, 1000);
    this.patchRate = null;
    observer?.opened(this.#observed);
  }

  /**
   * From now on, each client is sent only the players in its sight.
   * @param size the size of the map in units.
   * @param inputs the input counters of the clients.
   * @param settings `maxBytesPerClient`: the maximum bytes per second for each client; 0 for no limit, which is the
   * default.
   * @throws {Error} with a hint if interest management does not support the players of `state`.
   */
  protected limitSight(
    state: StateWithPlayers,
    size: MapSize,
    inputs: InputsById,
    settings: Pick<GameRoomSettings, "createSerializer"> & { maxBytesPerClient?: number | undefined } = {},
  ): void {
    const { createSerializer = createInterestSerializer, maxBytesPerClient } = settings;
    this.#sight = createSerializer(state, size, inputs, maxBytesPerClient, this as unknown as Room);
    this.setSerializer(this.#sight as Serializer<unknown>);
  }

  /**
   * Sends a message to all clients that have the given player in sight, and to the player's own client. The message
   * arrives right after the next patch, in the same write. Clients that join later do not get it, and neither do
   * backpressured clients. In a crowd the message may be dropped, because messages may use at most half of a client's
   * byte budget. At most 4096 messages wait for a patch; further messages are dropped.
   * @param sessionId the session of the player. The message is dropped if the player leaves before the next patch.
   * @throws {Error} if `limitSight` has not been called.
   * @throws {RangeError} if the message has more than 65,535 bytes.
   */
  toSight(sessionId: string, type: string, content: object): void {
    if (!this.#sight) throw new Error("toSight: call limitSight in onCreate first");
    this.#sight.toSight(sessionId, type, content);
  }

  /** Sends each client the changes in its sight. */
  protected sendPatches(): void {
    const movedAt = performance.now();
    this.broadcastPatch();
    this.observer?.ticked(this.#observed, this.#tickStartedAt, movedAt, performance.now());
  }

  /** Holds the seat of a client whose connection was lost. Resolves when the client is back; rejects on timeout. */
  protected holdSeat(client: Client, seconds: number): Deferred {
    const seat = this.seats.hold(client, seconds);
    this.observer?.held(this.#observed, client, seat);
    return seat;
  }

  /**
   * Frees the oldest reserved seat that its client has not claimed within SLOW_SEAT_MS. Does nothing if the room is not
   * full.
   * @returns whether a seat was freed.
   */
  expireSlowSeat(): boolean {
    return this.locked && this.seats.expireOldest(SLOW_SEAT_MS);
  }

  /** Called by matchmaking when a client wants to return to the seat of its lost connection. */
  override checkReconnectionToken(token: string): string {
    return super.checkReconnectionToken(this.seats.prepareReconnection(token));
  }

  /** Called when a WebSocket claims a seat. `token`: the reconnection token, if the client returns to its held seat. */
  override hasReservedSeat(sessionId: string, token?: string): boolean {
    if (typeof token === "string") this.seats.prepareReconnection(token, sessionId);
    return super.hasReservedSeat(sessionId, token);
  }

  override onReconnect(client: Client): void {
    this.seats.reconnected(client);
  }

  /** A subclass that overrides `onLeave` must call this method. */
  override onLeave(client: Client, code?: number): void {
    this.seats.left(client.sessionId);
    this.observer?.left(this.#observed, client, code);
  }

  /**
   * Disconnects a client on behalf of the operator. The client's body is removed at once, and its seat is not held.
   * @param reason a text for the client.
   * @throws {Error} if `reason` cannot be shown to players.
   */
  kick(sessionId: string, reason?: string): void {
    const problem = reason === undefined ? undefined : textProblem("reason", reason, SAY_LIMITS);
    if (problem !== undefined) throw new Error(problem);
    this.#sessions?.kick([sessionId], "kicked", reason);
  }

  /**
   * Mutes a player on behalf of the operator: the room refuses the player's texts and waves. The mute survives
   * reconnections. For a signed-in player it also survives leaving and joining again.
   * @throws {Error} if the room has no such player, or `seconds` is not positive or exceeds a year.
   */
  mute(sessionId: string, seconds: number): void {
    this.#sessions?.mutes.mute(this.#identityOf(sessionId), seconds);
  }

  /** Ends the mute of a player. @throws {Error} if the room has no such player. */
  unmute(sessionId: string): void {
    this.#sessions?.mutes.unmute(this.#identityOf(sessionId));
  }

  #identityOf(sessionId: string): string {
    const session = this.#sessions?.get(sessionId);
    if (!session) throw new Error(`there is no player with the session id ${sessionId}`);
    return session.identity;
  }

  /**
   * Called by the monitor's "Disconnect client" button. The framework's own method closes the connection with code
   * 1005, and a client reconnects after this code.
   */
  async _forceClientDisconnect(sessionId: string): Promise<void> {
    this.kick(sessionId);
  }

  /** Called by the framework's tools for operators, except the monitor. */
  override kickClient(sessionId: string): void {
    this.kick(sessionId);
  }

  /**
   * Called when the operator deletes a part of the state in the monitor. A client is kicked if the operator deletes its
   * player. Other parts cannot be deleted.
   */
  async _deleteStateProperty([field, sessionId, ...rest]: string[]): Promise<void> {
    if (field !== "players" || sessionId === undefined || rest.length > 0)
      throw new Error(`cannot delete ${field} from the state; only players can be deleted`);
    this.kick(sessionId);
  }

  /**
   * Closes all connections and ends the room.
   * @param code the close code, which the server passes when it stops. The monitor's "Dispose" button passes no code.
   * Without a code, the room kicks all clients.
   */
  override disconnect(code?: number): Promise<unknown> {
    if (code === undefined) for (const { sessionId } of [...this.clients]) this.kick(sessionId);
    // Without this call, the room would wait for the clients of unclaimed seats. `seats` is undefined while `onCreate`
    // runs.
    if (!this.#isEnding) this.seats?.releaseUnclaimed();
    this.#isEnding = true;
    return super.disconnect(code ?? ERRORS.kicked.code);
  }

  /**
   * Answers an invalid message: rejects a request, and sends an error frame for any other message.
   * @param message sent instead of the error's message in ERRORS.
   */
  sendError(client: Client, error: ErrorName, context?: MessageContext, message: string = ERRORS[error].message) {
    if (context?.id !== undefined) return context.reject(taggedMessage(error, message));
    client.error(ERRORS[error].code, message);
  }

  /** Sends an error to a joining client after its join. The SDK would treat an earlier error as a refused join. */
  protected sendErrorAfterJoin(client: Client, error: ErrorName): void {
    const { code, message } = ERRORS[error];
    client.enqueueRaw(getMessageBytes[Protocol.ERROR](code, message));
  }

  /** A subclass that overrides `onDispose` must call this method. */
  override onDispose(): void | Promise<void> {
    // The framework does not stop the timers of unclaimed seats. `seats` is undefined if `onCreate` threw.
    this.seats?.releaseUnclaimed();
    this.#ticks?.stop();
    this.observer?.closed(this.#observed);
  }

  /** Logs an error that a handler threw. Without this method the framework would shut down the process. */
  override onUncaughtException(error: RoomException, where: string) {
    // A handler throws a ServerError to refuse a client. The server has not failed then, so no error is logged.
    if (error.cause instanceof ServerError) {
      if (error instanceof OnJoinException) this.observer?.refused(error.cause, this.#observed, error.client);
      return;
    }
    logger.error({ err: error.cause, room: this.roomId, where }, "a room's handler threw");
  }

  get #observed(): ObservedRoom {
    return this as unknown as ObservedRoom;
  }

  #tick(): void {
    try {
      this.clock.tick();
      this.#tickStartedAt = performance.now();
      this.step();
    } catch (error) {
      this.onUncaughtException(new TimestepException(error as Error, String(error)), "setTimestep");
    }
  }
}
