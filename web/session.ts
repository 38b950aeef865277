// One stay in a room: each frame it takes what the server sent, sends what is due, and tells what is to be drawn.
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

/** How the own player is drawn. It may be changed at any time. */
export interface Showing {
  /** Where the own player is predicted to be; else where the server has it, as a page without prediction would. */
  predicted: boolean;
  /** Whether the other one of the two is to be seen as well, as a ghost, as long as the prediction is what is drawn. */
  ghost: boolean;
}

/** The ghost's place among the figures; no session has an id like it. */
const GHOST = "the own player, as the server has it";

/** Units a frame above which a drawn player is seen to walk. */
const SEEN_TO_WALK = 0.2;

/** From a join until its player is gone from the world. Dropped connections and reconnections lie within it. */
export class Session {
  readonly room: WorldRoom;
  readonly roundTrip: RoundTrip;
  /** Units by which the server ever corrected the prediction, added up. */
  drift = 0;
  readonly #showing: Readonly<Showing>;
  readonly #map: WorldMap;
  readonly #controls: Controls;
  readonly #onStep: () => void;
  readonly #cadence = new Cadence();
  #pacer = new Pacer();
  #prediction: Prediction | undefined;
  /** The own player as predicted, and as the server has it, both as they are drawn. */
  #predicted: Glide | undefined;
  #confirmed: Glide | undefined;
  #figures = new Map<string, Figure>();
  #lastFrame = 0;
  #ended = false;

  constructor(room: WorldRoom, map: WorldMap, controls: Controls, showing: Readonly<Showing>, onStep: () => void) {
    this.room = room;
    this.#map = map;
    this.#showing = showing;
    this.#controls = controls;
    this.#onStep = onStep;
    this.roundTrip = new RoundTrip(room);
    room.onDrop(() => this.#interrupt());
    room.onLeave(() => this.end());
    room.onStateChange(() => this.#receive());
    this.#begin();
  }

  /** Whether the connection stands and the own player can walk. */
  get connected(): boolean {
    return this.#prediction !== undefined;
  }

  /** The own player as predicted, to the unit. */
  get self(): { x: number; y: number } | undefined {
    return this.#prediction?.self;
  }

  /** Where the own player is drawn. */
  get shown(): { x: number; y: number } | undefined {
    return this.#showing.predicted ? this.#predicted : this.#confirmed;
  }

  /** Where the own player's ghost is drawn, while there is one. */
  get ghost(): { x: number; y: number } | undefined {
    return this.#figures.get(GHOST);
  }

  /** Where the server has the own player. */
  get confirmed(): { x: number; y: number } | undefined {
    return this.#prediction?.confirmed;
  }

  /** Inputs that the server has not answered yet. */
  get unacknowledged(): number {
    return this.#prediction?.unacknowledged ?? 0;
  }

  /** One frame. Gives who is to be drawn where; while the connection is down, that is how it was before. */
  frame(now: number): ReadonlyMap<string, Figure> {
    const milliseconds = now - this.#lastFrame;
    this.#lastFrame = now;
    if (this.#prediction) {
      this.#prediction.tick(now);
      this.#walk(this.#prediction, now);
      this.#figures = this.#draw(this.#prediction, milliseconds);
    }
    return this.#figures;
  }

  /** Lets go of the room, which is left or lost. */
  end(): void {
    this.#ended = true;
    this.#interrupt();
    this.roundTrip.stop();
  }

  #receive(): void {
    // After a reconnection the first full state says where everybody is now; only then is there anything to predict.
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

  /** Stops predicting. The inputs on their way are void, and so is what was predicted from them. */
  #interrupt(): void {
    this.#controls.enabled = false;
    this.#prediction?.dispose();
    this.#prediction = undefined;
  }

  #walk(prediction: Prediction, now: number): void {
    for (let due = this.#cadence.due(now, this.#controls.input.direction !== NONE); due > 0; due--) {
      const { input } = this.#controls;
      if (input.direction === NONE) return;
      // Before the first measurement there is nothing to judge by.
      const roundTrip = this.roundTrip.best;
      if (roundTrip !== undefined && !this.#pacer.judge(prediction.unacknowledged, roundTrip)) continue;
      prediction.send(input);
      this.#controls.sent();
      this.#onStep();
    }
  }

  #draw(prediction: Prediction, milliseconds: number): Map<string, Figure> {
    const figures = new Map<string, Figure>();
    const { self, confirmed } = prediction;
    this.#predicted?.follow(self, milliseconds);
    this.#confirmed?.follow(confirmed, milliseconds);
    for (const [id, player] of this.room.state.players) {
      const own = id === this.room.sessionId;
      const { x, y } = (own && this.shown) || prediction.placeOf(player);
      const facing = own
        ? (this.#showing.predicted ? self : confirmed).facing
        : facingOf(player, { x, y }, this.#figures.get(id));
      figures.set(id, { id, name: player.name, x, y, facing, own });
    }
    if (this.#showing.predicted && this.#showing.ghost && this.#confirmed) {
      const { x, y } = this.#confirmed;
      const id = this.room.sessionId;
      figures.set(GHOST, { id, name: "", x, y, facing: confirmed.facing, own: false, ghost: true });
    }
    return figures;
  }
}

/** Others are drawn a little in the past, but their `facing` is new: who walks faces where they are seen to go. */
function facingOf(player: Player, at: { x: number; y: number }, before: Figure | undefined): number {
  if (!before) return player.facing;
  const right = at.x - before.x;
  const down = at.y - before.y;
  if (Math.max(Math.abs(right), Math.abs(down)) < SEEN_TO_WALK) return player.facing;
  const across = Math.abs(right) > Math.abs(down);
  return across ? (right < 0 ? LEFT : RIGHT) : down < 0 ? UP : DOWN;
}
