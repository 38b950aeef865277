// An SDK client that walks with the page's prediction, and measures the errors of this prediction.
import type { Client, Room } from "@colyseus/sdk";
import { ProtocolModifier } from "colyseus";
import type { Player } from "../../schema/player.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { DOWN, LEFT, RIGHT, UP } from "../../sim/directions.ts";
import type { Walls } from "../../sim/step.ts";
import { Prediction } from "../../web/prediction.ts";
import { until } from "./until.ts";

const DIRECTIONS = [LEFT, RIGHT, UP, DOWN];

/** Milliseconds from one input to the next. */
const INPUT_MS = 50;

/** The client sends no more inputs while this many are unacknowledged. The page's limit depends on the round trip. */
const MAX_AHEAD = 6;

/** A client that walks with prediction. */
export class PredictingClient {
  readonly room: Room<unknown, WorldState>;
  /** The client's own player in the state. It must stay the same object for as long as the session lasts. */
  readonly self: Player;
  readonly prediction: Prediction;
  /** The sum of all corrections in units. */
  drift = 0;
  /** The number of inputs that were sent. */
  sent = 0;
  /** The times of the room's clock in the state frames, in order of arrival. */
  readonly clocks: number[] = [];
  #walking: ReturnType<typeof setInterval> | undefined;

  private constructor(room: Room<unknown, WorldState>, walls: Walls) {
    this.room = room;
    this.self = room.state.players.get(room.sessionId)!;
    this.prediction = new Prediction(room as never, this.self, walls, (units) => {
      this.drift += units;
    });
    const { onmessage } = room.connection.events;
    room.connection.events.onmessage = (event) => {
      const frame = new DataView(event.data);
      if (frame.getUint8(0) & ProtocolModifier.TIMED) this.clocks.push(frame.getUint32(1, true));
      onmessage?.(event);
    };
  }

  static async join(client: Client, walls: Walls, options: object = {}): Promise<PredictingClient> {
    const room = await client.joinOrCreate<WorldState>("world", options);
    room.reconnection.minUptime = 0;
    await until(() => room.state.players?.has(room.sessionId));
    return new PredictingClient(room, walls);
  }

  /** Sends an input per tick, in a new direction every few steps, until `stand` is called. */
  walk(): void {
    let direction = DIRECTIONS[0]!;
    this.#walking = setInterval(() => {
      if (this.sent % 7 === 0) direction = DIRECTIONS[Math.floor(Math.random() * 4)]!;
      this.prediction.tick(performance.now());
      if (this.prediction.unacknowledged >= MAX_AHEAD) return;
      this.prediction.send({ direction });
      this.sent++;
    }, INPUT_MS);
  }

  stand(): void {
    clearInterval(this.#walking);
  }

  /** Stops walking, and waits until the room has acknowledged all inputs. */
  async settle(): Promise<void> {
    this.stand();
    await until(() => {
      this.prediction.tick(performance.now());
      return this.prediction.unacknowledged === 0;
    });
  }
}
