// Stops the server: refuses new players, closes all clients, ends the rooms, saves the store and closes the sockets.
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { App } from "./app.ts";

/** Milliseconds within which all rooms must end, including `onDispose`, and the store must be saved. */
const ROOMS_DEADLINE_MS = 7000;

/** Minimum milliseconds for saving the store, however long the rooms took. */
const MIN_SAVING_MS = 500;

/** Milliseconds within which clients must receive their close frames. Then the server closes all connections. */
const SOCKETS_DEADLINE_MS = 1000;

/**
 * Refuses new players while the game goes on, so that a load balancer that checks `/readyz` sends them to another
 * server.
 * @returns `over`, which resolves after `seconds`, and `cutShort`, which resolves it at once.
 */
export function drain({ admission }: Pick<App, "admission">, seconds: number) {
  admission.stop();
  const end = new AbortController();
  const over = delay(1000 * seconds, undefined, { signal: end.signal }).catch(() => {});
  return { over, cutShort: () => end.abort() };
}

/** The result of a stop. */
interface Stopped {
  /** Whether all rooms ended before the deadline. */
  ended: boolean;
  /** Player records that could not be saved. */
  lost: number;
}

/**
 * Stops an app. The framework locks the rooms and closes every client with 4001; meanwhile `/readyz` answers with 503.
 * Settles within 9 seconds, even if a room, a client or the store hangs.
 */
export async function shutDown({ server, httpServer, plainSockets, admission, store }: App): Promise<Stopped> {
  admission.stop();
  const startedAt = performance.now();
  const ended = await within(ROOMS_DEADLINE_MS, server.gracefullyShutdown(false));
  const msLeft = ROOMS_DEADLINE_MS - (performance.now() - startedAt);
  const saving = store.close(Math.max(MIN_SAVING_MS, msLeft));
  plainSockets.close();
  const closed = httpServer.listening ? once(httpServer.close(), "close") : Promise.resolve();
  httpServer.closeIdleConnections();
  await within(SOCKETS_DEADLINE_MS, closed);
  httpServer.closeAllConnections();
  return { ended, lost: await saving };
}

/** Returns whether `work` resolved in time. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const timedOut = delay(milliseconds, false, { signal: timer.signal }).catch(() => false);
  const done = await Promise.race([work.then(() => true), timedOut]);
  timer.abort();
  return done;
}
