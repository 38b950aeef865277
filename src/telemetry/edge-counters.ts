// Counts refusals and traffic at the edge of the process since its start. The metrics read these numbers.
import { ERRORS, type ErrorName } from "../../schema/errors.ts";
import type { RefusalLog } from "./refusal-log.ts";

/** The errors with which the edge refuses connections, requests and frames. */
export const EDGE_REFUSALS = [
  "badRequest",
  "unsupportedType",
  "tooLarge",
  "foreignOrigin",
  "tooManyJoins",
  "tooManyConnections",
  "passwordInvalid",
  "tooManyPasswords",
  "monitorOnly",
  "badFrame",
  "flooding",
  "slowConsumer",
] as const satisfies ErrorName[];

/** An error with which the edge refuses something. */
export type EdgeRefusal = (typeof EDGE_REFUSALS)[number];

/** The counters. They only grow. */
export class EdgeCounters {
  /** The number of refusals by error. */
  readonly refused = Object.fromEntries(EDGE_REFUSALS.map((error) => [error, 0])) as Record<EdgeRefusal, number>;
  /** Frames received from clients. */
  framesIn = 0;
  /** Frames handed to clients' sockets, and their payload in bytes. */
  framesOut = 0;
  bytesOut = 0;
  /** The open WebSockets, each with the bytes queued for its client. src/sockets/heartbeat.ts calls `beat`. */
  readonly sockets = new Set<{ readonly bufferedAmount: number; beat(): void }>();

  readonly #log: RefusalLog;

  constructor(log: RefusalLog) {
    this.#log = log;
  }

  /** Counts and logs a refusal. @param isAnswered false if the connection was closed without an answer. */
  onRefused(error: EdgeRefusal, address: string | undefined, isAnswered = true): void {
    this.refused[error]++;
    this.#log.write({ reason: error, code: isAnswered ? ERRORS[error].code : undefined, address });
  }
}
