// Chooses the process that a new client should connect to, if the processes have public addresses.
import type { Content, ProcessId } from "./core/ports.ts";
import type { Seat } from "./joins.ts";

/** The status that a process reports to the authority. */
export interface ProcessStatus {
  publicAddress: string;
  /** Connections that the process can carry in addition to its present ones. */
  room: number;
}

/** The type of the message with which a process reports its status. */
export const STATUS = "status";

/** Milliseconds after which a status is out of date. The process has missed three reports by then. */
const MAX_AGE_MS = 3500;

/** Tracks the processes with a public address. Used by the authority. */
export class Placement {
  readonly #clock: () => number;
  readonly #statuses = new Map<ProcessId, ProcessStatus & { at: number }>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Called when a process has reported its status. */
  update(from: ProcessId, content: Content): void {
    const { publicAddress, room } = content as unknown as ProcessStatus;
    this.#statuses.set(from, { publicAddress, room, at: this.#clock() });
  }

  /** Gives a seat the address of the process with the most room. The seat gets no address if no process has room. */
  place(seat: Seat): void {
    const now = this.#clock();
    let best: ProcessStatus | undefined;
    for (const [process, status] of this.#statuses) {
      if (now - status.at > MAX_AGE_MS) this.#statuses.delete(process);
      else if (status.room > (best?.room ?? 0)) best = status;
    }
    if (!best) return;
    // The seat counts as a connection until the next status.
    best.room--;
    seat.publicAddress = best.publicAddress;
  }
}
