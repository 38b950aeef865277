// Flow control of inputs: the page keeps the number of unacknowledged inputs as low as the round trip allows.
import { TICK_MS } from "../sim/rules.ts";

/** Number of unacknowledged inputs that the page allows in addition to the inputs that it sends in one round trip. */
const SLACK_TICKS = 2;

/** Number of successive late acknowledgements after which a queue on the server is assumed. Fewer may be jitter. */
const LATE_ACKNOWLEDGEMENTS = 10;

/** Milliseconds by which two measurements may differ although the round trip has not changed. */
const NOISE_MS = 10;

/**
 * Returns whether one more input may be sent.
 *
 * The server applies one input per tick, and the page sends one per tick. So a queue on the server never shrinks by
 * itself, and it delays every later input. The page therefore skips sends while too many inputs are unacknowledged. The
 * limit is the number of inputs that the page sends in one round trip, plus SLACK_TICKS.
 *
 * @param unacknowledged inputs sent and not yet acknowledged.
 * @param roundTripMs recent minimum of the network's round trip. The time until an input is acknowledged must not be
 * used: it grows with the queue, so the page would never skip a send.
 */
export function maySend(unacknowledged: number, roundTripMs: number): boolean {
  return unacknowledged * TICK_MS <= roundTripMs + SLACK_TICKS * TICK_MS;
}

/**
 * Returns whether the server has a standing queue: a queue of inputs that never becomes empty. This function also finds
 * queues that are too short for `maySend` to detect.
 *
 * Without a queue, an input is acknowledged after the round trip and the rest of a tick. With jitter, some inputs take
 * longer; with a standing queue, all inputs take longer.
 *
 * @param latencies milliseconds until each of the last inputs was acknowledged.
 */
export function hasStandingQueue(latencies: readonly number[], roundTripMs: number): boolean {
  return latencies.length >= LATE_ACKNOWLEDGEMENTS && Math.min(...latencies) > roundTripMs + TICK_MS + NOISE_MS;
}

/** Decides for each input that is due whether it is sent. */
export class Pacer {
  #latencies: number[] = [];

  /** Records the milliseconds until an input was acknowledged. */
  acknowledged(latencyMs: number): void {
    this.#latencies.push(latencyMs);
    if (this.#latencies.length > LATE_ACKNOWLEDGEMENTS) this.#latencies.shift();
  }

  /** Returns whether the input that is due now is sent. A skipped input is not predicted either. */
  shouldSend(unacknowledged: number, roundTripMs: number): boolean {
    if (!maySend(unacknowledged, roundTripMs)) return false;
    if (!hasStandingQueue(this.#latencies, roundTripMs)) return true;
    this.#latencies = [];
    return false;
  }
}
