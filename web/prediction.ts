// Client-side prediction of the own player, and interpolation of the others, over one unbroken connection.
import { type InputHandle, Predict, type Reconciler } from "@colyseus/sdk";
import { BLANK_INPUT, type MoveInput } from "../schema/move-input.ts";
import type { Player } from "../schema/player.ts";
import { applyInput, type Input } from "../sim/apply-input.ts";
import { STEP, TICK_MS } from "../sim/rules.ts";
import { BODY_FIELDS, type Body, type Walls } from "../sim/step.ts";
import type { WorldRoom } from "./connection.ts";

/** Milliseconds by which other players are drawn in the past: two ticks, so that one late frame does not stop them. */
const DELAY_MS = 2 * TICK_MS;

/** Milliseconds over which other players' changes of speed are smoothed. */
const SMOOTH_MS = 25;

/** Units between two updates beyond which another player is not interpolated but appears at the new position. */
const SNAP_DISTANCE = 12 * STEP;

/** Predicts over one connection to one room. It starts at the position that the server has for the player. */
export class Prediction {
  readonly #predict: Predict<WorldRoom["state"]>;
  readonly #input: InputHandle<MoveInput>;
  readonly #own: Reconciler<Body, Input>;
  /** The predicted position after each input, in a ring buffer by the input's number. */
  readonly #predicted: { x: number; y: number }[] = [];
  /** The time at which each input was sent, in a ring buffer by the input's number. */
  readonly #sentAt: number[] = [];
  #acknowledged = 0;
  readonly #self: Player;

  /**
   * @param onDrift is called for each acknowledged input, with the units between its predicted position and the
   * server's. The SDK measures this only while its debug panel is loaded.
   */
  constructor(room: WorldRoom, self: Player, walls: Walls, onDrift: (units: number) => void) {
    // The room sends its state after each tick, so it advertises no patch rate. Without one, the SDK interpolates the
    // first step after a pause over the whole pause, and the player seems to creep.
    room.clock.setPatchInterval?.(TICK_MS);
    this.#self = self;
    this.#input = room.input<MoveInput>();
    this.#acknowledged = this.#input.lastProcessed;
    this.#predict = Predict.get(room, { mode: "lerp", delay: DELAY_MS, smoothMs: SMOOTH_MS, snap: SNAP_DISTANCE });
    this.#predict.attachAll("players", { fields: ["x", "y"] });
    this.#own = this.#predict.reconciler<Body, MoveInput>(self, {
      input: this.#input,
      fields: BODY_FIELDS,
      step: (context, body, command) => {
        applyInput(body, command, walls);
        this.#predicted[context.tick % this.#input.replayBufferSize] = { x: body.x, y: body.y };
      },
      onReconcile: (acknowledged) => {
        const predicted = this.#predicted[acknowledged % this.#input.replayBufferSize];
        if (predicted) onDrift(Math.max(Math.abs(predicted.x - self.x), Math.abs(predicted.y - self.y)));
      },
    });
  }

  /** The own player after all inputs sent so far, as predicted. */
  get self(): Readonly<Body> {
    return this.#own.state;
  }

  /** Number of inputs that were sent and are not yet acknowledged. */
  get unacknowledged(): number {
    return this.#input.pendingCount;
  }

  /** Applies what the server has sent. Call this once per frame, before anything else. */
  tick(now: number): void {
    this.#predict.tick(now);
  }

  /** Sends one input and predicts its effect. */
  send(input: Input): void {
    Object.assign(this.#input.data, { ...BLANK_INPUT, ...input });
    const number = this.#input.send();
    this.#sentAt[number % this.#input.replayBufferSize] = performance.now();
  }

  /**
   * Call this after each message from the server.
   * @returns the milliseconds from sending the newest acknowledged input to now, or undefined if no input was
   * acknowledged since the last call. The SDK's clock measures the same, but it discards a value that has grown
   * fourfold as an error.
   */
  latency(): number | undefined {
    const { lastProcessed, replayBufferSize } = this.#input;
    if (lastProcessed <= this.#acknowledged) return undefined;
    this.#acknowledged = lastProcessed;
    const sentAt = this.#sentAt[lastProcessed % replayBufferSize];
    return sentAt === undefined ? undefined : performance.now() - sentAt;
  }

  /** Returns the interpolated position of another player. */
  positionOf(player: Player): { x: number; y: number } {
    return { x: this.#predict.value(player, "x"), y: this.#predict.value(player, "y") };
  }

  /** The own player as last sent by the server. */
  get confirmed(): Body {
    const { x, y, facing } = this.#self;
    return { x, y, facing };
  }

  /** Stops predicting, and releases the room. */
  dispose(): void {
    this.#predict.dispose();
  }
}
