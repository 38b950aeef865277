// Moves the clients of a stopping process to the other processes. The clients' sessions continue.
import { setTimeout as delay } from "node:timers/promises";
import { ERRORS } from "../../schema/errors.ts";

/** A connection of a client. */
export interface RetiringConnection {
  /** Whether the client has joined so recently that the SDK would not reconnect. */
  readonly isNew: boolean;
  close(code: number, reason: string): void;
}

/** Milliseconds over which the connections are closed, so that not all clients reconnect at the same moment. */
const SPREAD_MS = 2000;

/** Milliseconds between two groups of connections. */
const STEP_MS = 50;

/**
 * Closes connections with code 4010, after which clients reconnect in the same session. The connections of clients that
 * have just joined are closed last: these clients would not reconnect yet. Resolves when all connections are closed.
 * @param connections returns the connections that have not been closed.
 */
export async function retire(connections: () => Iterable<RetiringConnection>): Promise<void> {
  const startedAt = performance.now();
  const { code, message } = ERRORS.replaced;
  for (;;) {
    const now = performance.now();
    const open = [...connections()];
    if (open.length === 0) return;
    const stepsLeft = Math.max(1, Math.ceil((startedAt + SPREAD_MS - now) / STEP_MS));
    const due = open.filter(({ isNew }) => !isNew).slice(0, Math.ceil(open.length / stepsLeft));
    for (const connection of due) connection.close(code, message);
    await delay(STEP_MS);
  }
}
