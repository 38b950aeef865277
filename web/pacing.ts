// Flow control of inputs: the page never has more inputs in flight than the round trip explains.
import { TICK_MS } from "../sim/rules.ts";

/** Ticks by which the unacknowledged inputs may exceed the round trip before the page skips sends. */
const SLACK_TICKS = 2;

/** Successive acknowledgements that must all be late to tell a standing queue from jitter. */
const LATE_ACKNOWLEDGEMENTS = 10;

/** Milliseconds by which measurements of an unchanged round trip may differ. */
const NOISE_MS = 10;

/**
 * Returns whether one more input may be sent.
 *
 * The server takes one input per tick, and the page sends one per tick. So a queue on the server never shrinks by
 * itself, and it delays every later input. The page therefore skips sends while more inputs are in flight than the
 * round trip explains.
 *
 * @param unacknowledged inputs sent and not yet acknowledged.
 * @param roundTripMs recent minimum of the network's round trip. The time until an input is acknowledged must not be
 * used: it grows with the queue, so the page would never skip a send.
 */
export function maySend(unacknowledged: number, roundTripMs: number): boolean {
  return unacknowledged * TICK_MS <= roundTripMs + SLACK_TICKS * TICK_MS;
}

/**
 * Returns whether the server has a standing queue of inputs, which the slack of `maySend` would never drain.
 *
 * Without a queue, an input is acknowledged after the round trip and the rest of a tick. Jitter exceeds this time
 * briefly; a standing queue exceeds it permanently.
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
