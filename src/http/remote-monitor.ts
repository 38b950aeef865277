// Lets the monitor of any process of a cluster show and control all rooms. Each process serves the monitor's page
// itself. The monitor of the process that runs the rooms answers the page's requests about the rooms.
import type { Request, RequestHandler } from "express";
import { sendError } from "./errors.ts";

/** Asks the monitor of the process that runs the rooms. */
export interface RemoteMonitor {
  /** Whether this process runs the rooms. */
  readonly isAuthority: boolean;
  /**
   * Asks the monitor of the process that runs the rooms.
   * @param path the path, relative to the monitor's own path, and the query.
   * @returns the status and the JSON of the answer; undefined if there is none.
   */
  askMonitor(path: string): Promise<{ status: number; body: string } | undefined>;
}

/** Matches the paths of the monitor page's requests about the rooms, relative to the monitor's own path. */
const API = /^\/api(\/|$)/;

/**
 * Returns a handler for requests that the monitor's guard has let through. It calls the next handler if this process
 * answers a request itself.
 */
export function remoteMonitor(remote: RemoteMonitor): RequestHandler {
  return async (request: Request, response, next) => {
    if (remote.isAuthority || !API.test(request.path)) return next();
    const answer = await remote.askMonitor(request.url);
    if (!answer) return sendError(response, "clusterAway");
    response.status(answer.status).type("json").send(answer.body);
  };
}
