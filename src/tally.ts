// What the edge of the process has refused and sent since the start: plain numbers, for whoever shows them.

/** Why something was refused: the names of the errors, besides those of HTTP itself. */
const REFUSALS = [
  "badRequest",
  "foreignOrigin",
  "tooManyJoins",
  "tooManyConnections",
  "tooLarge",
  "monitor",
  "badFrame",
  "flooding",
  "notReading",
] as const;

export type Refusal = (typeof REFUSALS)[number];

/** The counters. Everything at the edge writes them; they only grow. */
export class Tally {
  /** How often each of REFUSALS was the answer. */
  readonly refused = Object.fromEntries(REFUSALS.map((reason) => [reason, 0])) as Record<Refusal, number>;
  /** Frames that were given to the sockets of clients, and their payload in bytes. */
  framesOut = 0;
  bytesOut = 0;
  /** The WebSockets that are open, each with the bytes that wait for its client. */
  readonly sockets = new Set<{ readonly bufferedAmount: number }>();

  onRefused(reason: Refusal): void {
    this.refused[reason]++;
  }
}
