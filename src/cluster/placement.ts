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

/**
 * Milliseconds that a client may take to connect. If a seat was placed less than this time before a status, the status
 * might not include the seat's client yet. So this client is subtracted from the reported `room`. If the status does
 * include the client, the client is counted twice until the next status.
 */
const CONNECT_MS = 1000;

/** A process with a public address. */
interface PlacedProcess extends ProcessStatus {
  /** The time at which the process reported its status. */
  at: number;
  /** The times at which recent seats were placed. The status might not include the clients of these seats yet. */
  placedAt: number[];
}

/** Tracks the processes with a public address. Used by the authority. */
export class Placement {
  readonly #clock: () => number;
  readonly #running: () => number;
  readonly #processes = new Map<ProcessId, PlacedProcess>();

  /** @param running returns the number of processes in the cluster. */
  constructor(clock: () => number, running: () => number) {
    this.#clock = clock;
    this.#running = running;
  }

  /** Called when a process has reported its status. */
  update(from: ProcessId, content: Content): void {
    const { publicAddress, room } = content as unknown as ProcessStatus;
    const at = this.#clock();
    const placedAt = this.#processes.get(from)?.placedAt.filter((time) => time > at - CONNECT_MS) ?? [];
    this.#processes.set(from, { publicAddress, room, at, placedAt });
  }

  /** Whether all processes of the cluster have reported their status, and all of them are full. */
  get isFull(): boolean {
    const processes = this.#recent();
    if (processes.length < Math.max(this.#running(), 1)) return false;
    return processes.every((process) => roomOf(process) <= 0);
  }

  /** Gives a seat the address of the process with the most room. The seat gets no address if no process has room. */
  place(seat: Seat): void {
    let best: PlacedProcess | undefined;
    for (const process of this.#recent()) if (roomOf(process) > (best ? roomOf(best) : 0)) best = process;
    if (!best) return;
    best.placedAt.push(this.#clock());
    seat.publicAddress = best.publicAddress;
  }

  /** Returns the processes whose status is not out of date, and forgets the others. */
  #recent(): PlacedProcess[] {
    const now = this.#clock();
    for (const [process, { at }] of this.#processes) if (now - at > MAX_AGE_MS) this.#processes.delete(process);
    return [...this.#processes.values()];
  }
}

function roomOf({ room, placedAt }: PlacedProcess): number {
  return room - placedAt.length;
}
