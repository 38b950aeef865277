// Stands before the monitor: asks for the password, and refuses requests that pages of other sites make.
import type { NextFunction, Request, RequestHandler, Response } from "express";
import type { ErrorName } from "../../schema/errors.ts";
import { isSameSecret } from "../auth/same-secret.ts";
import type { Addresses } from "../edge/addresses.ts";
import type { Origins } from "../edge/origins.ts";
import { RateLimiter } from "../edge/rate-limiter.ts";
import type { EdgeRefusal } from "../telemetry/edge-counters.ts";
import { sendError } from "./errors.ts";

/** What the guard needs to know. */
export interface MonitorGuardSettings {
  user: string;
  password: string;
  addresses: Addresses;
  origins: Origins;
  onRefused: (error: EdgeRefusal, address: string) => void;
}

/** Wrong passwords that an address may try, and the seconds after which it may try again: 3000 a day find none. */
const TRIES = 30;
const TRIES_SECONDS = 15 * 60;

const CHALLENGE = 'Basic realm="sabang monitor", charset="UTF-8"';

/** Refuses whoever is not the operator, before anything of the monitor has looked at the request. */
export function monitorGuard({ user, password, addresses, origins, onRefused }: MonitorGuardSettings): RequestHandler {
  const tries = new RateLimiter(TRIES, TRIES_SECONDS);

  return async (request: Request, response: Response, next: NextFunction) => {
    const address = addresses.of(request);
    const refuse = (error: EdgeRefusal & ErrorName) => {
      onRefused(error, address);
      sendError(response, error);
    };
    // A browser adds the password by itself, to whatever page asks: other pages are not to ask.
    if (!isFromHere(request, origins)) {
      return refuse("monitorOnly");
    }
    const given = credentialsOf(request);
    // Even the right password: an answer that depends on it would tell who guesses when it was found.
    const wait = given === undefined ? 0 : await tries.retryAfter(address);
    if (wait > 0) {
      response.set("Retry-After", String(wait));
      return refuse("tooManyPasswords");
    }
    if (given !== undefined && isSameSecret(given, `${user}:${password}`)) return next();
    if (given !== undefined) await tries.consume(address);
    response.set("WWW-Authenticate", CHALLENGE);
    return refuse("passwordInvalid");
  };
}

/**
 * Whether a request shows that no page of another site has a hand in it. Only the monitor's page needs no proof: following
 * a link to it is nothing bad. A browser that says nothing proves nothing: to plain http, other than localhost, it sends
 * no Sec-Fetch-Site, and with `rel=noreferrer` no Referer either.
 */
function isFromHere(request: Request, origins: Origins): boolean {
  const isPage = request.method === "GET" && request.path === "/";
  const site = request.get("sec-fetch-site");
  if (site !== undefined) {
    return site === "same-origin" || site === "none" || (isPage && request.get("sec-fetch-dest") === "document");
  }
  const source = request.get("origin") ?? request.get("referer");
  return isPage || (source !== undefined && origins.isOwn(source, request));
}

/** What was given as `user:password`, if anything was. */
function credentialsOf(request: Request): string | undefined {
  const match = /^basic +(.+)$/i.exec(request.get("authorization") ?? "");
  return match ? Buffer.from(match[1]!, "base64").toString() : undefined;
}
