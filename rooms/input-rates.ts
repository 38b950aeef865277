// Counts the inputs of a room, and finds the clients that keep sending more than one input per tick.
import { TICK_HZ } from "../sim/rules.ts";
import type { World } from "../sim/world.ts";
import type { InputCounters } from "./observer.ts";

/** Milliseconds between two notices to a client that keeps sending too many inputs. */
const NOTICE_INTERVAL_MS = 10_000;

/**
 * The maximum excess of a client. The excess is the number of inputs that the client has sent beyond one per tick. The
 * client gets a notice if its excess is larger than this maximum. A recovering network causes no notice, because it
 * delivers at most eight seconds of inputs at once. A client that sends 120 inputs per second gets the notice after two
 * seconds.
 */
const MAX_EXCESS = 10 * TICK_HZ;

/** The counters of one client's inputs. */
interface Rate {
  /** The number of `move` messages since the last check. */
  moves: number;
  /** The number of predicted inputs that the framework had received at the last check. */
  predicted: number;
  /**
   * The number of inputs sent beyond one input per tick. It decreases while the client sends less than one input per
   * tick.
   */
  excess: number;
  notifiedAt: number;
}

/** The key of the property that holds a client's rate. A map would cost a lookup for each move. */
const RATE = Symbol("rate");

/** A client of the room. */
interface RatedClient {
  readonly sessionId: string;
  [RATE]?: Rate;
}

/**
 * The framework's counters of a client's predicted inputs. `size`: the number of inputs that are still queued.
 * `consumedCount`: the number of inputs that were taken from the queue or dropped.
 */
interface QueuedInputs {
  readonly size: number;
  readonly consumedCount: number;
}

/** The framework's counters of predicted inputs, by session id. */
interface RoomInputs {
  get(sessionId: string): QueuedInputs;
}

/** Counts the inputs of the clients of one room. */
export class InputRates {
  #received = 0;
  #checkedAt: number;

  constructor(now = performance.now()) {
    this.#checkedAt = now;
  }

  /** Counts a predicted input, which arrives on the framework's input channel. */
  countInput(): void {
    this.#received++;
  }

  /** Counts a `move` message. */
  countMove(client: RatedClient): void {
    this.#received++;
    rateOf(client).moves++;
  }

  /** Returns the clients that should be told that they send too often. Called about once per second. */
  tooFast<C extends RatedClient>(clients: readonly C[], inputs: RoomInputs, now = performance.now()): C[] {
    const allowed = (TICK_HZ * (now - this.#checkedAt)) / 1000;
    this.#checkedAt = now;
    return clients.filter((client) => {
      const rate = rateOf(client);
      const { consumedCount, size } = inputs.get(client.sessionId);
      const predicted = consumedCount + size;
      // The framework counts from 0 again after a reconnection.
      const sent = rate.moves + (predicted < rate.predicted ? predicted : predicted - rate.predicted);
      rate.moves = 0;
      rate.predicted = predicted;
      rate.excess = Math.max(0, rate.excess + sent - allowed);
      if (rate.excess <= MAX_EXCESS || now - rate.notifiedAt < NOTICE_INTERVAL_MS) return false;
      rate.excess = 0;
      rate.notifiedAt = now;
      return true;
    });
  }

  /** Returns the number of inputs so far, by outcome. `ids`: the players of the room. */
  counters({ applied, noop, queued }: World, inputs: RoomInputs, ids: Iterable<string>): InputCounters {
    let waiting = queued;
    for (const id of ids) waiting += inputs.get(id).size;
    return { received: this.#received, applied, noop, queued: waiting };
  }
}

function rateOf(client: RatedClient): Rate {
  client[RATE] ??= { moves: 0, predicted: 0, excess: 0, notifiedAt: Number.NEGATIVE_INFINITY };
  return client[RATE];
}
