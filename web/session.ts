// One session in a room. Each frame applies the server's state, sends the due inputs, and returns the figures to draw.
import type { Player } from "../schema/player.ts";
import { DOWN, LEFT, NONE, RIGHT, UP } from "../sim/directions.ts";
import type { WorldMap } from "../sim/map.ts";
import { Cadence } from "./cadence.ts";
import type { WorldRoom } from "./connection.ts";
import type { Controls } from "./controls.ts";
import type { Figure } from "./figure.ts";
import { Glide } from "./glide.ts";
import { Pacer } from "./pacing.ts";
import { Prediction } from "./prediction.ts";
import { RoundTrip } from "./round-trip.ts";

/** Options for drawing the user's player. They may change at any time. */
export interface DisplayOptions {
  /** Whether the user's player is drawn at its predicted position; otherwise at its position on the server. */
  predicted: boolean;
  /** Whether a ghost is drawn where the user's player is on the server. Has no effect without `predicted`. */
  ghost: boolean;
}

/** Callbacks of a session. */
export interface SessionEvents {
  /** Called for each step that was sent. */
  stepped(): void;
  /** Called when an input gets no answer, although the connection seems to be open. */
  stalled(): void;
  /** Called when inputs are answered again over the same connection. */
  recovered(): void;
}

/** An input is reported as stalled if it is not answered within the round trip plus this many milliseconds. */
const STALL_MS = 2500;

/** The ghost's key among the figures, which differs from all session ids. */
const GHOST = "ghost of the own player";

/** If another player moves at least this many units in a frame, it is drawn facing the direction of its movement. */
const MIN_MOVEMENT = 0.2;

/** A session lasts from a join until the player leaves the world, across dropped connections and reconnections. */
export class Session {
  readonly room: WorldRoom;
  readonly roundTrip: RoundTrip;
  /** Sum of the units by which the server has corrected the prediction. */
  drift = 0;
  readonly #display: Readonly<DisplayOptions>;
  readonly #map: WorldMap;
  readonly #controls: Controls;
  readonly #events: SessionEvents;
  readonly #cadence = new Cadence();
  #pacer = new Pacer();
  #prediction: Prediction | undefined;
  /** The predicted position of the user's player, and its position on the server, each smoothed for drawing. */
  #predicted: Glide | undefined;
  #confirmed: Glide | undefined;
  #figures = new Map<string, Figure>();
  #lastFrame = 0;
  /** Whether the oldest unacknowledged input has waited too long for its answer. */
  #isStalled = false;
  #ended = false;

  constructor(
    room: WorldRoom,
    map: WorldMap,
    controls: Controls,
    display: Readonly<DisplayOptions>,
    events: SessionEvents,
  ) {
    this.room = room;
    this.#map = map;
    this.#display = display;
    this.#controls = controls;
    this.#events = events;
    this.roundTrip = new RoundTrip(room);
    room.onDrop(() => this.#interrupt());
    room.onLeave(() => this.end());
    room.onStateChange(() => this.#receive());
    this.#begin();
  }

  /** Whether the connection is open and the user's player can walk. */
  get connected(): boolean {
    return this.#prediction !== undefined;
  }

  /** The predicted position of the user's player, in whole units. */
  get self(): { x: number; y: number } | undefined {
    return this.#prediction?.self;
  }

  /** The drawn position of the user's player. */
  get shown(): { x: number; y: number } | undefined {
    return this.#display.predicted ? this.#predicted : this.#confirmed;
  }

  /** The drawn position of the ghost; undefined without a ghost. */
  get ghost(): { x: number; y: number } | undefined {
    return this.#figures.get(GHOST);
  }

  /** The position of the user's player on the server. */
  get confirmed(): { x: number; y: number } | undefined {
    return this.#prediction?.confirmed;
  }

  /** Number of inputs that the server has not acknowledged yet. */
  get unacknowledged(): number {
    return this.#prediction?.unacknowledged ?? 0;
  }

  /** Call this once per frame. Returns the figures to draw. While disconnected, returns the last figures again. */
  frame(now: number): ReadonlyMap<string, Figure> {
    const milliseconds = now - this.#lastFrame;
    this.#lastFrame = now;
    if (this.#prediction) {
      this.#prediction.tick(now);
      this.#sendInputs(this.#prediction, now);
      this.#watch(this.#prediction);
      this.#figures = this.#draw(this.#prediction, milliseconds);
    }
    return this.#figures;
  }

  /** Ends the session after the room was left or lost. */
  end(): void {
    this.#ended = true;
    this.#interrupt();
    this.roundTrip.stop();
  }

  #receive(): void {
    // After a reconnection, prediction starts again with the first full state.
    this.#begin();
    const latency = this.#prediction?.latency();
    if (latency !== undefined) this.#pacer.acknowledged(latency);
  }

  #begin(): void {
    if (this.#ended || this.#prediction || this.room.reconnection.isReconnecting) return;
    const self = this.room.state.players?.get(this.room.sessionId);
    if (!self) return;
    this.#prediction = new Prediction(this.room, self, this.#map, (units) => {
      this.drift += units;
    });
    this.#predicted ??= new Glide(self);
    this.#confirmed ??= new Glide(self);
    this.#pacer = new Pacer();
    this.#controls.enabled = true;
    this.roundTrip.reset();
  }

  /** Reports inputs that get no answer. The heartbeat would take longer to detect a dead connection. */
  #watch(prediction: Prediction): void {
    const isStalled = prediction.waitingMs > STALL_MS + (this.roundTrip.best ?? 0);
    if (isStalled === this.#isStalled) return;
    this.#isStalled = isStalled;
    if (isStalled) this.#events.stalled();
    else this.#events.recovered();
  }

  /** Stops predicting when the connection is lost. Inputs that the server has not received are lost as well. */
  #interrupt(): void {
    this.#controls.enabled = false;
    this.#prediction?.dispose();
    this.#prediction = undefined;
    this.#isStalled = false;
  }

  #sendInputs(prediction: Prediction, now: number): void {
    for (let due = this.#cadence.due(now, this.#controls.input.direction !== NONE); due > 0; due--) {
      const { input } = this.#controls;
      if (input.direction === NONE) return;
      // Before the first measurement of the round trip, the pacer cannot decide, so all inputs are sent.
      const roundTrip = this.roundTrip.best;
      if (roundTrip !== undefined && !this.#pacer.shouldSend(prediction.unacknowledged, roundTrip)) continue;
      prediction.send(input);
      this.#controls.sent();
      this.#events.stepped();
    }
  }

  #draw(prediction: Prediction, milliseconds: number): Map<string, Figure> {
    const figures = new Map<string, Figure>();
    const { self, confirmed } = prediction;
    this.#predicted?.follow(self, milliseconds);
    this.#confirmed?.follow(confirmed, milliseconds);
    for (const [id, player] of this.room.state.players) {
      const own = id === this.room.sessionId;
      const { x, y } = (own && this.shown) || prediction.positionOf(player);
      const facing = own
        ? (this.#display.predicted ? self : confirmed).facing
        : facingOf(player, { x, y }, this.#figures.get(id));
      figures.set(id, { id, name: player.name, look: player.look, x, y, facing, own });
    }
    if (this.#display.predicted && this.#display.ghost && this.#confirmed) {
      const { x, y } = this.#confirmed;
      const id = this.room.sessionId;
      const { look } = this.room.state.players.get(id)!;
      figures.set(GHOST, { id, name: "", look, x, y, facing: confirmed.facing, own: false, ghost: true });
    }
    return figures;
  }
}

/**
 * Returns the direction that another player faces when it is drawn. While the player walks, this is the direction of
 * its drawn movement. `player.facing` would change too early, because positions are drawn with a delay.
 */
function facingOf(player: Player, at: { x: number; y: number }, before: Figure | undefined): number {
  if (!before) return player.facing;
  const right = at.x - before.x;
  const down = at.y - before.y;
  if (Math.max(Math.abs(right), Math.abs(down)) < MIN_MOVEMENT) return player.facing;
  const across = Math.abs(right) > Math.abs(down);
  return across ? (right < 0 ? LEFT : RIGHT) : down < 0 ? UP : DOWN;
}
