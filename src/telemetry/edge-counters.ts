// What the edge of the process has refused and sent since the start: plain numbers, for whoever shows them.
import type { RefusalLog } from "./refusal-log.ts";

/** Why something was refused: the names of the errors, besides those of HTTP itself. */
export const REFUSALS = [
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
export class EdgeCounters {
  /** How often each of REFUSALS was the answer. */
  readonly refused = Object.fromEntries(REFUSALS.map((reason) => [reason, 0])) as Record<Refusal, number>;
  /** Frames that clients have sent. */
  framesIn = 0;
  /** Frames that were given to the sockets of clients, and their payload in bytes. */
  framesOut = 0;
  bytesOut = 0;
  /** The WebSockets that are open, each with the bytes that wait for its client; src/sockets/heartbeat.ts beats for them. */
  readonly sockets = new Set<{ readonly bufferedAmount: number; beat(): void }>();

  readonly #log: RefusalLog;

  constructor(log: RefusalLog) {
    this.#log = log;
  }

  /** Somebody was refused. `code`: what it was answered, if anything. */
  onRefused(reason: Refusal, address: string | undefined, code?: number): void {
    this.refused[reason]++;
    this.#log.write({ reason, code, address });
  }
}
