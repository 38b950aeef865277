// Protects the monitor: requires the password, and refuses requests from pages of other sites.
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
  onRefused: (error: EdgeRefusal, request: Request) => void;
}

/**
 * An address may send MAX_ATTEMPTS wrong passwords in ATTEMPTS_SECONDS. That is about 3000 per day, far too few to
 * guess a password of 12 characters.
 */
const MAX_ATTEMPTS = 30;
const ATTEMPTS_SECONDS = 15 * 60;

/**
 * The query that PROOF_PAGE adds to the URL of the monitor's page. It prevents an endless reload in browsers that never
 * send a Referer.
 */
const ASKED = "asked";

/** A page that loads the monitor's page again, so that the browser sends a Referer. */
const PROOF_PAGE = `<!doctype html><meta http-equiv="refresh" content="0; url=?${ASKED}"><title>sabang monitor</title>`;

const CHALLENGE = 'Basic realm="sabang monitor", charset="UTF-8"';

/** Returns a handler that lets only the operator's requests reach the monitor. */
export function monitorGuard({ user, password, addresses, origins, onRefused }: MonitorGuardSettings): RequestHandler {
  const attempts = new RateLimiter(MAX_ATTEMPTS, ATTEMPTS_SECONDS);

  return async (request: Request, response: Response, next: NextFunction) => {
    const address = addresses.of(request);
    const refuse = (error: EdgeRefusal & ErrorName) => {
      onRefused(error, request);
      sendError(response, error);
    };
    // A browser adds the saved password even to requests that pages of other sites make, so these requests are refused.
    const foreign = refusalOfForeign(request, origins);
    if (foreign) return refuse(foreign);
    const given = credentialsOf(request);
    // The limit applies to the right password too, so that the answer does not tell an attacker which guess was right.
    const retryAfter = given === undefined ? 0 : await attempts.retryAfter(address);
    if (retryAfter > 0) {
      response.set("Retry-After", String(retryAfter));
      return refuse("tooManyPasswords");
    }
    if (given !== undefined && isSameSecret(given, `${user}:${password}`)) {
      const refusal = isPage(request) ? refusalOfPage(request, origins) : undefined;
      if (refusal === "unknown") return void response.send(PROOF_PAGE);
      return refusal ? refuse(refusal) : next();
    }
    if (given !== undefined) await attempts.consume(address);
    response.set("WWW-Authenticate", CHALLENGE);
    return refuse("passwordInvalid");
  };
}

/**
 * Returns an error if a page of another site may have made a request. Following a link to the monitor's page itself is
 * accepted, because that is harmless. Any other request without the headers Sec-Fetch-Site, Origin and Referer is
 * refused, because a page of another site can send such a request. Browsers send no Sec-Fetch-Site over plain http to
 * hosts other than localhost, and no Referer for links with `rel=noreferrer`.
 */
function refusalOfForeign(request: Request, origins: Origins): "monitorOnly" | "hostWithoutPort" | undefined {
  const site = request.get("sec-fetch-site");
  if (site !== undefined) {
    const isLink = isPage(request) && request.get("sec-fetch-dest") === "document";
    return site === "same-origin" || site === "none" || isLink ? undefined : "monitorOnly";
  }
  if (isPage(request)) return undefined;
  const source = request.get("origin") ?? request.get("referer");
  const refusal = source === undefined ? "foreignOrigin" : origins.refusalOfForeign(source, request);
  return refusal === "foreignOrigin" ? "monitorOnly" : refusal;
}

/** Whether a request is for the monitor's page itself. */
function isPage({ method, path }: Request): boolean {
  return method === "GET" && path === "/";
}

/**
 * Returns the error with which the later requests of the monitor's page would be refused. With `hostWithoutPort`, all
 * of these requests would be refused, so the page would stay empty. `unknown` means that the browser has not sent the
 * URL of the page as Referer yet.
 */
function refusalOfPage(request: Request, origins: Origins): "hostWithoutPort" | "unknown" | undefined {
  if (request.get("sec-fetch-site") !== undefined) return undefined;
  const referer = request.get("referer");
  const refusal = referer === undefined ? "foreignOrigin" : origins.refusalOfForeign(referer, request);
  if (refusal !== "foreignOrigin") return refusal;
  return ASKED in request.query ? undefined : "unknown";
}

/** Returns the given credentials as `user:password`; undefined if there are none. */
function credentialsOf(request: Request): string | undefined {
  const match = /^basic +(.+)$/i.exec(request.get("authorization") ?? "");
  return match ? Buffer.from(match[1]!, "base64").toString() : undefined;
}
