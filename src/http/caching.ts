// Decides which answers may be cached. The request filter (src/edge/request-filter.ts) forbids caching for all answers;
// the routes of files allow it again.
import type { ServerResponse } from "node:http";
import type { NextFunction, Request, Response } from "express";

/** Allows caching for the files of express.static. Pass this function to express.static as the `setHeaders` option. */
export function allowCaching(response: ServerResponse): void {
  response.removeHeader("Cache-Control");
}

/**
 * Keeps the `Cache-Control` header that an answer already has. Without this function, the framework's monitor would
 * replace the header. Browsers and proxies would then store the answers of the monitor.
 */
export function keepUncached(_request: Request, response: Response, next: NextFunction): void {
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) => (name.toLowerCase() === "cache-control" ? response : setHeader(name, value));
  next();
}
