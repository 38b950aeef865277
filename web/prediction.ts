// Client-side prediction of the user's player, and interpolation of the other players.
import { type InputHandle, Predict, type Reconciler } from "@colyseus/sdk";
import { BLANK_INPUT, type MoveInput } from "../schema/move-input.ts";
import type { Player } from "../schema/player.ts";
import { applyInput, type Input } from "../sim/apply-input.ts";
import { BODY_FIELDS, type Body, type Walls } from "../sim/step.ts";
import type { WorldRoom } from "./connection.ts";
import { Interpolation } from "./interpolation.ts";

/** The prediction for one connection to a room. It starts where the user's player is on the server. */
export class Prediction {
  readonly #predict: Predict<WorldRoom["state"]>;
  readonly #input: InputHandle<MoveInput>;
  readonly #own: Reconciler<Body, Input>;
  /**
   * The predicted position after each input. This is a ring buffer, in which an input's number determines its index.
   */
  readonly #predicted: { x: number; y: number }[] = [];
  /** The time at which each input was sent, in a ring buffer like `#predicted`. */
  readonly #sentAt: number[] = [];
  #acknowledged = 0;
  readonly #self: Player;
  readonly #room: WorldRoom;
  readonly #others = new Map<Player, Interpolation>();
  /** The time of the last frame. */
  #lastFrame: number | undefined;

  /**
   * @param onDrift is called for each acknowledged input, with the distance in units between the position predicted
   * after that input and the server's position. The SDK measures this distance only while its debug panel is loaded.
   */
  constructor(room: WorldRoom, self: Player, walls: Walls, onDrift: (units: number) => void) {
    this.#self = self;
    this.#room = room;
    this.#input = room.input<MoveInput>();
    this.#acknowledged = this.#input.lastProcessed;
    this.#predict = Predict.get(room);
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
    this.#receive();
    room.onStateChange(this.#receive);
  }

  /** The predicted state of the user's player after all inputs that have been sent. */
  get self(): Readonly<Body> {
    return this.#own.state;
  }

  /** Number of inputs that were sent and are not yet acknowledged. */
  get unacknowledged(): number {
    return this.#input.pendingCount;
  }

  /** Milliseconds for which the oldest unacknowledged input has waited for its answer; 0 if there is none. */
  get waitingMs(): number {
    if (this.unacknowledged === 0) return 0;
    const sentAt = this.#sentAt[(this.#input.lastProcessed + 1) % this.#input.replayBufferSize];
    return sentAt === undefined ? 0 : performance.now() - sentAt;
  }

  /** Advances the prediction and the interpolations to this frame. Call this once per frame, before anything else. */
  tick(now: number): void {
    this.#predict.tick(now);
    const { clock } = this.#room;
    // The current time on the server's clock, minus the time that an update takes to reach the page.
    const arriving = clock.serverNow() - clock.smoothedRtt() / 2;
    const milliseconds = now - (this.#lastFrame ?? now);
    this.#lastFrame = now;
    for (const other of this.#others.values()) other.advance(arriving, milliseconds);
  }

  /** Sends one input and predicts its effect. */
  send(input: Input): void {
    Object.assign(this.#input.data, { ...BLANK_INPUT, ...input });
    const number = this.#input.send();
    this.#sentAt[number % this.#input.replayBufferSize] = performance.now();
  }

  /**
   * Call this after each message from the server.
   * @returns how many milliseconds ago the newest acknowledged input was sent; undefined if no input was acknowledged
   * since the last call. The SDK measures this too, but it treats a value that has grown fourfold as an error and
   * discards it.
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
    return this.#others.get(player) ?? player;
  }

  /** The user's player as last sent by the server. */
  get confirmed(): Body {
    const { x, y, facing } = this.#self;
    return { x, y, facing };
  }

  /** Stops predicting, and releases the room. */
  dispose(): void {
    this.#room.onStateChange.remove(this.#receive);
    this.#predict.dispose();
  }

  /** Passes the other players' positions to their interpolations, after each message from the server. */
  readonly #receive = (): void => {
    const { players } = this.#room.state;
    const time = this.#room.clock.lastServerTime();
    let others = 0;
    for (const player of players.values()) {
      if (player === this.#self) continue;
      others++;
      const interpolation = this.#others.get(player);
      if (interpolation) interpolation.receive(time, player);
      else this.#others.set(player, new Interpolation(time, player));
    }
    if (this.#others.size === others) return;
    const present = new Set(players.values());
    for (const player of this.#others.keys()) if (!present.has(player)) this.#others.delete(player);
  };
}
