// Says why a WebSocket was refused. A browser tells its page only that the connection failed, so the page asks for the
// reason with a GET for the same URL.
import type { NextFunction, Request, Response } from "express";
import type { EdgeFilter } from "../edge/request-filter.ts";
import { isSocketRequest } from "../edge/socket-paths.ts";
import { sendError } from "./errors.ts";

/** Returns a handler that answers a GET for the URL of a WebSocket with the error that an upgrade would get. */
export function failedUpgrades(filter: Pick<EdgeFilter, "reasonOfFailedUpgrade">) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (isSocketRequest(request))
      sendError(response.set("Upgrade", "websocket"), filter.reasonOfFailedUpgrade(request));
    else next();
  };
}
