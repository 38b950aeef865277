// Protects the monitor: requires the password, and refuses requests from other sites' pages.
import type { NextFunction, Request, RequestHandler, Response } from "express";
import type { ErrorName } from "../../schema/errors.ts";
import { isSameSecret } from "../auth/same-secret.ts";
import type { Addresses } from "../edge/addresses.ts";
import type { Origins } from "../edge/origins.ts";
import { RateLimiter } from "../edge/rate-limiter.ts";
import type { EdgeRefusal } from "../telemetry/edge-counters.ts";
import { sendError } from "./errors.ts";

/** The settings of the guard. */
export interface MonitorGuardSettings {
  user: string;
  password: string;
  addresses: Addresses;
  origins: Origins;
  /** Called for each refusal. */
  onRefused: (error: EdgeRefusal, address: string) => void;
}

/** Wrong passwords that an address may send in this many seconds. About 3000 guesses a day do not find a password. */
const MAX_ATTEMPTS = 30;
const ATTEMPTS_SECONDS = 15 * 60;

const CHALLENGE = 'Basic realm="sabang monitor", charset="UTF-8"';

/** Returns a handler that lets only the operator's requests reach the monitor. */
export function monitorGuard({ user, password, addresses, origins, onRefused }: MonitorGuardSettings): RequestHandler {
  const attempts = new RateLimiter(MAX_ATTEMPTS, ATTEMPTS_SECONDS);

  return async (request: Request, response: Response, next: NextFunction) => {
    const address = addresses.of(request);
    const refuse = (error: EdgeRefusal & ErrorName) => {
      onRefused(error, address);
      sendError(response, error);
    };
    // A browser adds the saved password to requests from any page, so pages of other sites are refused.
    if (!isSameSite(request, origins)) {
      return refuse("monitorOnly");
    }
    const given = credentialsOf(request);
    // The limit applies to the right password too. Otherwise the answer would tell an attacker which guess was right.
    const retryAfter = given === undefined ? 0 : await attempts.retryAfter(address);
    if (retryAfter > 0) {
      response.set("Retry-After", String(retryAfter));
      return refuse("tooManyPasswords");
    }
    if (given !== undefined && isSameSecret(given, `${user}:${password}`)) return next();
    if (given !== undefined) await attempts.consume(address);
    response.set("WWW-Authenticate", CHALLENGE);
    return refuse("passwordInvalid");
  };
}

/**
 * Whether a request proves that no page of another site made it. The monitor's page itself needs no proof, because
 * following a link to it is harmless. A request without these headers proves nothing. Over plain http to hosts other
 * than localhost, browsers send no Sec-Fetch-Site, and with `rel=noreferrer` they send no Referer either.
 */
function isSameSite(request: Request, origins: Origins): boolean {
  const isPage = request.method === "GET" && request.path === "/";
  const site = request.get("sec-fetch-site");
  if (site !== undefined) {
    return site === "same-origin" || site === "none" || (isPage && request.get("sec-fetch-dest") === "document");
  }
  const source = request.get("origin") ?? request.get("referer");
  return isPage || (source !== undefined && origins.isOwn(source, request));
}

/** Returns the given credentials as `user:password`; undefined if there are none. */
function credentialsOf(request: Request): string | undefined {
  const match = /^basic +(.+)$/i.exec(request.get("authorization") ?? "");
  return match ? Buffer.from(match[1]!, "base64").toString() : undefined;
}
