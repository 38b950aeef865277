// The base of every room of this server, independent of the game. It ticks at even intervals, reports to the observer,
// sends error replies, and catches the errors of handlers so that they do not affect other rooms.
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
  /** Receives the events of the rooms. */
  observer?: RoomObserver;
  /** Called once per room to get access to the seats that the framework holds for the room. */
  seatsOf: SeatsOf;
}

/** A room that ticks. A subclass calls `startTicks` at the end of its `onCreate`. */
export abstract class GameRoom<Types extends RoomOptions> extends Room<Types> {
  /** Seconds for which a reserved seat waits for its client. Meanwhile the seat occupies a place in the room. */
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
    // Without a timestep, the framework would tick the room's clock 60 times per second when `patchRate` is null.
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

  /** Called by matchmaking when a client wants to return to its held seat. */
  override checkReconnectionToken(token: string): string {
    return super.checkReconnectionToken(this.seats.prepareReconnection(token));
  }

  /** Called when a WebSocket claims a seat. `token`: given if its client returns to a held seat. */
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

  /** Answers an invalid message: rejects a request, and sends an error frame for any other message. */
  protected sendError(client: Client, error: ErrorName, context?: MessageContext) {
    if (context?.id !== undefined) return context.reject(taggedMessage(error));
    client.error(ERRORS[error].code, ERRORS[error].message);
  }

  override onBeforeShutdown() {
    this.seats.releaseUnclaimed();
    super.onBeforeShutdown();
  }

  /** A subclass that overrides `onDispose` must call this method. */
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
