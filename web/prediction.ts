// Moves the own player before the server has answered, and everybody else smoothly, over one unbroken connection.
import { type InputHandle, Predict, type Reconciler } from "@colyseus/sdk";
import { BLANK_INPUT, type MoveInput } from "../schema/move-input.ts";
import type { Player } from "../schema/player.ts";
import { applyInput, type Input } from "../sim/apply-input.ts";
import { STEP, TICK_MS } from "../sim/rules.ts";
import { BODY_FIELDS, type Body, type Walls } from "../sim/step.ts";
import type { WorldRoom } from "./connection.ts";

/** Milliseconds that others are drawn in the past: two ticks, so that one late frame does not stop them. */
const DELAY_MS = 2 * TICK_MS;

/** Milliseconds in which others' changes of speed are rounded off. */
const SMOOTH_MS = 25;

/** Units between two frames beyond which another player did not walk but appeared elsewhere. */
const JUMP = 12 * STEP;

/** Predicts over one connection of one room. It starts where the server says the player is. */
export class Prediction {
  readonly #predict: Predict<WorldRoom["state"]>;
  readonly #input: InputHandle<MoveInput>;
  readonly #own: Reconciler<Body, Input>;
  /** Where each input led, by its number, for as long as it may be acknowledged. */
  readonly #led: { x: number; y: number }[] = [];
  /** When each input was sent, likewise. */
  readonly #sentAt: number[] = [];
  #acknowledged = 0;
  readonly #self: Player;

  /**
   * @param onDrift is told the units by which the server placed the player elsewhere than an input was predicted to
   * lead. The SDK keeps such figures only while its debug panel is loaded.
   */
  constructor(room: WorldRoom, self: Player, walls: Walls, onDrift: (units: number) => void) {
    // The room sends its state after each tick and not by a patch rate, so it advertises none; without one the SDK
    // takes a player who stood still for one who crept all that time.
    room.clock.setPatchInterval?.(TICK_MS);
    this.#self = self;
    this.#input = room.input<MoveInput>();
    this.#acknowledged = this.#input.lastProcessed;
    this.#predict = Predict.get(room, { mode: "lerp", delay: DELAY_MS, smoothMs: SMOOTH_MS, snap: JUMP });
    this.#predict.attachAll("players", { fields: ["x", "y"] });
    this.#own = this.#predict.reconciler<Body, MoveInput>(self, {
      input: this.#input,
      fields: BODY_FIELDS,
      step: (context, body, command) => {
        applyInput(body, command, walls);
        this.#led[context.tick % this.#input.replayBufferSize] = { x: body.x, y: body.y };
      },
      onReconcile: (acknowledged) => {
        const led = this.#led[acknowledged % this.#input.replayBufferSize];
        if (led) onDrift(Math.max(Math.abs(led.x - self.x), Math.abs(led.y - self.y)));
      },
    });
  }

  /** The own player, as every input sent so far will leave it. */
  get self(): Readonly<Body> {
    return this.#own.state;
  }

  /** Inputs that were sent and are not acknowledged. */
  get unacknowledged(): number {
    return this.#input.pendingCount;
  }

  /** Takes up what the server has sent. To be called once a frame, before anything else. */
  tick(now: number): void {
    this.#predict.tick(now);
  }

  /** Sends one input and predicts what it does. */
  send(input: Input): void {
    Object.assign(this.#input.data, { ...BLANK_INPUT, ...input });
    const number = this.#input.send();
    this.#sentAt[number % this.#input.replayBufferSize] = performance.now();
  }

  /**
   * To be called when something came in. Gives the milliseconds that the newest acknowledged input took, or undefined
   * if none is new. The clock of the SDK measures the same, but takes a time that has grown fourfold for a mistake.
   */
  latency(): number | undefined {
    const { lastProcessed, replayBufferSize } = this.#input;
    if (lastProcessed <= this.#acknowledged) return undefined;
    this.#acknowledged = lastProcessed;
    const sentAt = this.#sentAt[lastProcessed % replayBufferSize];
    return sentAt === undefined ? undefined : performance.now() - sentAt;
  }

  /** Where another player is to be drawn. */
  placeOf(player: Player): { x: number; y: number } {
    return { x: this.#predict.value(player, "x"), y: this.#predict.value(player, "y") };
  }

  /** Where the server has the own player, and which way it faces there. */
  get confirmed(): Body {
    const { x, y, facing } = this.#self;
    return { x, y, facing };
  }

  /** Lets go of the room. */
  dispose(): void {
    this.#predict.dispose();
  }
}
