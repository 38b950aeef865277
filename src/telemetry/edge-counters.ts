// Counts refusals and traffic since the start of the process. "Edge" means all code between the network and the rooms.
// The metrics read these numbers.
import { ERRORS, type ErrorName } from "../../schema/errors.ts";
import type { RefusalLog } from "./refusal-log.ts";

/** The errors with which the edge refuses connections, requests and frames. */
export const EDGE_REFUSALS = [
  "badRequest",
  "unsupportedType",
  "tooLarge",
  "foreignOrigin",
  "hostWithoutPort",
  "tooManyJoins",
  "tooManyConnections",
  "upgradeDropped",
  "passwordInvalid",
  "tooManyPasswords",
  "monitorOnly",
  "badFrame",
  "flooding",
  "slowConsumer",
] as const satisfies ErrorName[];

/** The name of an error in EDGE_REFUSALS. */
export type EdgeRefusal = (typeof EDGE_REFUSALS)[number];

/** Counters since the start of the process, and the open WebSockets. */
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
