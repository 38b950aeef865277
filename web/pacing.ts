// Whether an input that is due may be sent: the page never keeps more on the way than the way itself explains.
import { TICK_MS } from "../sim/rules.ts";

/** Ticks by which the unacknowledged inputs may exceed the round trip before sends are left out. */
const SLACK_TICKS = 2;

/** Acknowledgements that must all have come late before it is a queue that stands, and no jitter. */
const STANDING_ACKNOWLEDGEMENTS = 10;

/** Milliseconds by which measurements of one and the same way differ. */
const NOISE_MS = 10;

/**
 * Whether one more input may be sent.
 *
 * The server takes one input per tick, and so does a page send one: what once waits there, waits for good, and every
 * key press is that much later. So whoever has more on the way than the round trip explains leaves sends out.
 *
 * @param unacknowledged inputs sent and not yet acknowledged.
 * @param roundTripMs of the network alone, at its recent best. Not the time that inputs take to be acknowledged: that
 * one grows with the very queue which is to be judged by it, and nothing would ever be left out.
 */
export function maySend(unacknowledged: number, roundTripMs: number): boolean {
  return unacknowledged * TICK_MS <= roundTripMs + SLACK_TICKS * TICK_MS;
}

/**
 * Whether inputs stand in the server's queue, where the slack of `maySend` would let them stay.
 *
 * When nothing waits, an input is acknowledged after the round trip and the rest of a tick. Jitter goes beyond that for
 * a moment; a queue never comes back to it.
 *
 * @param latencies milliseconds that the last inputs took to be acknowledged.
 */
export function isStanding(latencies: readonly number[], roundTripMs: number): boolean {
  return latencies.length >= STANDING_ACKNOWLEDGEMENTS && Math.min(...latencies) > roundTripMs + TICK_MS + NOISE_MS;
}

/** Judges one send after the other. */
export class Pacer {
  #latencies: number[] = [];

  /** Takes note that an input was acknowledged after so many milliseconds. */
  acknowledged(latencyMs: number): void {
    this.#latencies.push(latencyMs);
    if (this.#latencies.length > STANDING_ACKNOWLEDGEMENTS) this.#latencies.shift();
  }

  /** Whether the input that is due now is sent. Where it is not, its step is not taken either, on no side. */
  judge(unacknowledged: number, roundTripMs: number): boolean {
    if (!maySend(unacknowledged, roundTripMs)) return false;
    if (!isStanding(this.#latencies, roundTripMs)) return true;
    this.#latencies = [];
    return false;
  }
}
