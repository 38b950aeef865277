// The base of every room of this server, independent of the game: even ticks, reports to the observer, error replies,
// and handlers whose errors do not affect other rooms.
import {
  type Client,
  type Deferred,
  logger,
  type MessageContext,
  OnJoinException,
  Room,
  type RoomException,
  type RoomOptions,
  ServerError,
  TimestepException,
} from "colyseus";
import { ERRORS, type ErrorName, taggedMessage } from "../schema/errors.ts";
import { TICK_MS } from "../sim/rules.ts";
import { Metronome } from "./metronome.ts";
import type { ObservedRoom, RoomObserver } from "./observer.ts";
import type { RoomSeats, SeatsOf } from "./room-seats.ts";

/** The settings that every room receives. */
export interface GameRoomSettings {
  /** Listens to the rooms. By default nothing does. */
  observer?: RoomObserver;
  /** Returns the seats that the framework holds for a room. */
  seatsOf: SeatsOf;
}

/** A room that ticks. A subclass calls `startTicks` at the end of its `onCreate`. */
export abstract class GameRoom<Types extends RoomOptions> extends Room<Types> {
  /** Seconds for which a seat waits for its client. Until then, a full room has one place less. */
  override seatReservationTimeout = 5;

  protected observer: RoomObserver | undefined;
  protected seats!: RoomSeats;
  #ticks: Metronome | undefined;
  #tickStartedAt = 0;

  /** One tick of the game. It must call `sendPatches` once. */
  protected abstract step(): void;

  /** Starts the ticks, and calls `everySecond` about once per second. */
  protected startTicks({ observer, seatsOf }: GameRoomSettings, { everySecond }: { everySecond: () => void }): void {
    this.observer = observer;
    this.seats = seatsOf(this as unknown as Room);
    this.#ticks = new Metronome(TICK_MS, () => this.#tick());
    // The framework would otherwise tick the room's clock 60 times per second once it sends no patches itself.
    this.setTimestep(everySecond, 1000);
    this.patchRate = null;
    observer?.opened(this.#observed);
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

  /** Called by matchmaking when a client wants to come back. */
  override checkReconnectionToken(token: string): string {
    return super.checkReconnectionToken(this.seats.prepareReconnection(token));
  }

  /** Called when a WebSocket wants a seat; with a token, when it wants to come back to one. */
  override hasReservedSeat(sessionId: string, token?: string): boolean {
    if (typeof token === "string") this.seats.prepareReconnection(token, sessionId);
    return super.hasReservedSeat(sessionId, token);
  }

  override onReconnect(client: Client): void {
    this.seats.reconnected(client);
  }

  /** A subclass with its own `onLeave` calls this one. */
  override onLeave(client: Client, code?: number): void {
    this.seats.left(client.sessionId);
    this.observer?.left(this.#observed, client, code);
  }

  /** Answers an invalid message: a request by its reply, any other message by an error frame. */
  protected sendError(client: Client, error: ErrorName, context?: MessageContext) {
    if (context?.id !== undefined) return context.reject(taggedMessage(error));
    client.error(ERRORS[error].code, ERRORS[error].message);
  }

  override onBeforeShutdown() {
    this.seats.releaseUnclaimed();
    super.onBeforeShutdown();
  }

  /** A subclass with its own `onDispose` calls this one. */
  override onDispose(): void | Promise<void> {
    // The framework does not stop the timers of unclaimed seats. A room whose onCreate threw has no seats.
    this.seats?.releaseUnclaimed();
    this.#ticks?.stop();
    this.observer?.closed(this.#observed);
  }

  /** Logs an error that a handler threw. Without this method the framework would shut down the process. */
  override onUncaughtException(error: RoomException, where: string) {
    // A ServerError is an answer to a client.
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
