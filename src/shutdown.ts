// How the server stops: no new players, everybody is told, every room ends, the last bytes go out.
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { App } from "./app.ts";

/** Milliseconds for the rooms to end, `onDispose` of each included. */
const ROOMS_DEADLINE_MS = 7000;

/** Milliseconds for the clients to take their closing frames; who does not is cut. */
const SOCKETS_DEADLINE_MS = 1000;

/**
 * Stops an app. The framework locks the rooms and closes every client with 4001; meanwhile `/readyz` says 503. It
 * settles within 8 seconds, whatever a room or a client does.
 * @returns whether every room ended by itself.
 */
export async function shutDown({ server, httpServer, plainSockets }: App): Promise<boolean> {
  const ended = await within(ROOMS_DEADLINE_MS, server.gracefullyShutdown(false));
  plainSockets.close();
  const closed = httpServer.listening ? once(httpServer.close(), "close") : Promise.resolve();
  httpServer.closeIdleConnections();
  await within(SOCKETS_DEADLINE_MS, closed);
  httpServer.closeAllConnections();
  return ended;
}

/** Whether `work` was done in time. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(milliseconds, false, { signal: timer.signal }).catch(() => false);
  const done = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return done;
}
