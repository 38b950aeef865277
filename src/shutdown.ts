// How the server stops: no new players, everybody is told, every room ends, the last store and bytes go out.
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { App } from "./app.ts";

/** Milliseconds for the rooms to end, `onDispose` of each included, and for the store to be saved after that. */
const ROOMS_DEADLINE_MS = 7000;

/** Milliseconds that are left for the store to be saved, however long the rooms took. */
const LEAST_SAVING_MS = 500;

/** Milliseconds for the clients to take their closing frames; who does not is cut. */
const SOCKETS_DEADLINE_MS = 1000;

/**
 * Lets nobody in any more while the game goes on, so that a balancer which asks `/readyz` sends new players elsewhere.
 * @returns when that is over, and a way to have it over at once.
 */
export function drain({ admission }: Pick<App, "admission">, seconds: number) {
  admission.stop();
  const end = new AbortController();
  const over = delay(1000 * seconds, undefined, { signal: end.signal }).catch(() => {});
  return { over, cutShort: () => end.abort() };
}

/** How a stop went. */
interface Stopped {
  /** Whether every room ended by itself. */
  ended: boolean;
  /** Places that could not be saved. */
  lost: number;
}

/**
 * Stops an app. The framework locks the rooms and closes every client with 4001; meanwhile `/readyz` says 503. It
 * settles within 9 seconds, whatever a room, a client or the store does.
 */
export async function shutDown({ server, httpServer, plainSockets, admission, store }: App): Promise<Stopped> {
  admission.stop();
  const since = performance.now();
  const ended = await within(ROOMS_DEADLINE_MS, server.gracefullyShutdown(false));
  const left = ROOMS_DEADLINE_MS - (performance.now() - since);
  const saving = store.close(Math.max(LEAST_SAVING_MS, left));
  plainSockets.close();
  const closed = httpServer.listening ? once(httpServer.close(), "close") : Promise.resolve();
  httpServer.closeIdleConnections();
  await within(SOCKETS_DEADLINE_MS, closed);
  httpServer.closeAllConnections();
  return { ended, lost: await saving };
}

/** Whether `work` was done in time. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(milliseconds, false, { signal: timer.signal }).catch(() => false);
  const done = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return done;
}
