// Why the page is not in a room, and what helps: one reason for each error with which the server refuses a join or closes.
import { MatchMakeError, ServerError } from "@colyseus/sdk";
import { type AnyErrorName, nameOfError, type SentError } from "../schema/errors.ts";
import { MapError } from "../sim/map.ts";

/**
 * What helps against each reason. `wait`: the page tries again by itself. `join`: it does when its user says so.
 * `reload`: another page is needed. `none`: trying again would change nothing.
 */
export const REMEDIES = {
  lost: "wait",
  restarting: "wait",
  full: "wait",
  storeUnavailable: "wait",
  tooMany: "wait",
  takenOver: "join",
  flooding: "join",
  slowConsumer: "join",
  idle: "join",
  outdated: "reload",
  badName: "none",
  unknownMap: "none",
  badMap: "none",
  foreignSite: "none",
  refused: "none",
} as const;

/** Why the page is not in a room. */
export type Reason = keyof typeof REMEDIES;

/** The reason for each error that has one of its own. */
const REASONS: Readonly<Partial<Record<AnyErrorName, Reason>>> = {
  serverShutdown: "restarting",
  stopping: "restarting",
  busy: "full",
  storeUnavailable: "storeUnavailable",
  tooManyJoins: "tooMany",
  tooManyConnections: "tooMany",
  takenOver: "takenOver",
  flooding: "flooding",
  slowConsumer: "slowConsumer",
  idle: "idle",
  outdated: "outdated",
  badJoinOption: "badName",
  unknownMap: "unknownMap",
  foreignOrigin: "foreignSite",
};

/** Answers that are not the server's own, for instance a proxy's. */
const REASON_OF_STATUS: Readonly<Record<number, Reason>> = { 429: "tooMany", 503: "full" };

/** The errors of a token that signing in again replaces. */
const TOKEN_ERRORS: readonly (AnyErrorName | undefined)[] = ["tokenInvalid", "tokenExpired", "tokenForeign"];

/** A 4xx status means that the request is wrong, except for these, which may pass. */
const MAY_PASS = [401, 408, 410, 425];

/** Why the server has closed the connection. */
export function reasonOfClose(code: number): Reason {
  return reasonOf({ code, message: "" }) ?? "lost";
}

/** Whether signing in again may help against this error. */
export function isTokenRefused(error: unknown): boolean {
  const sent = sentError(error);
  return sent !== undefined && TOKEN_ERRORS.includes(nameOfError(sent));
}

/** Why a join has failed. A server that cannot be reached sends no error at all. */
export function reasonOfError(error: unknown): Reason {
  if (error instanceof MapError) return "badMap";
  const sent = sentError(error);
  if (sent === undefined) return "lost";
  const { code } = sent;
  const isRefusal = code >= 400 && code < 500 && !MAY_PASS.includes(code);
  return reasonOf(sent) ?? REASON_OF_STATUS[code] ?? (isRefusal ? "refused" : "lost");
}

function reasonOf(sent: SentError): Reason | undefined {
  const name = nameOfError(sent);
  return name && REASONS[name];
}

function sentError(error: unknown): SentError | undefined {
  const known = error instanceof MatchMakeError || error instanceof ServerError;
  return known && typeof error.code === "number" ? { code: error.code, message: error.message } : undefined;
}
