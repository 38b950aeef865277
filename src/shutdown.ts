// Stops the server: refuses new players, closes all clients, ends the rooms, saves the store and closes the sockets.
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { App } from "./app.ts";

/**
 * Milliseconds within which all rooms must end, including `onDispose`. The player records should be saved within this
 * time too.
 */
const ROOMS_DEADLINE_MS = 7000;

/** The store always gets at least this many milliseconds for saving, even if the rooms used up ROOMS_DEADLINE_MS. */
const MIN_SAVING_MS = 500;

/**
 * Milliseconds for which the server waits for connections to close, so that clients receive their close frames. Then it
 * closes the remaining connections.
 */
const SOCKETS_DEADLINE_MS = 1000;

/**
 * Refuses new players while the game goes on. A load balancer that checks `/readyz` then sends new players to another
 * server.
 * @returns `over`, a promise that resolves after `seconds`, and `cutShort`, a function that resolves this promise at
 * once.
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
 * Stops an app. The framework locks the rooms and closes every client with the close code 4001. Meanwhile `/readyz`
 * answers with 503. Settles within 9 seconds, even if a room, a client or the store hangs.
 *
 * In a cluster with other processes, another process continues the rooms. The clients of this process are closed with
 * 4010 instead of 4001, and reconnect through another process. In this case the stop takes up to 16 seconds more.
 */
export async function shutDown(app: App, isUrgent = false): Promise<Stopped> {
  const { server, httpServer, plainSockets, admission, store, cluster } = app;
  admission.stop();
  if (cluster && (await cluster.handOver(isUrgent))) {
    // The port stays open meanwhile: a balancer would close all connections of a process that answers no health checks.
    await cluster.retire();
    httpServer.close();
  }
  const startedAt = performance.now();
  const ended = await within(ROOMS_DEADLINE_MS, server.gracefullyShutdown(false));
  const msLeft = ROOMS_DEADLINE_MS - (performance.now() - startedAt);
  const saving = store.close(Math.max(MIN_SAVING_MS, msLeft));
  plainSockets.close();
  const closed = httpServer.listening ? once(httpServer.close(), "close") : Promise.resolve();
  httpServer.closeIdleConnections();
  await within(SOCKETS_DEADLINE_MS, closed);
  httpServer.closeAllConnections();
  const lost = await saving;
  cluster?.stop();
  return { ended, lost };
}

/** Returns whether `work` resolved in time. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const timedOut = delay(milliseconds, false, { signal: timer.signal }).catch(() => false);
  const done = await Promise.race([work.then(() => true), timedOut]);
  timer.abort();
  return done;
}
