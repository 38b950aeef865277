// The reasons why the page is not in a room, and their remedies. Each error that refuses a join or closes a connection
// has a reason.
import { MatchMakeError, ServerError } from "@colyseus/sdk";
import { type AnyErrorName, nameOfError, type SentError } from "../schema/errors.ts";
import { MapError } from "../sim/map.ts";

/**
 * The remedy for each reason. `wait`: the page retries by itself. `join`: the user must ask it to join again.
 * `reload`: the user must reload the page. `none`: a retry would fail again.
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

/** A reason why the page is not in a room. */
export type Reason = keyof typeof REMEDIES;

/** The reason for each error. Errors that are not listed have a generic reason. */
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

/** Reasons by HTTP status, for responses that do not come from the server itself but, for instance, from a proxy. */
const REASON_OF_STATUS: Readonly<Record<number, Reason>> = { 429: "tooMany", 503: "full" };

/** Token errors that a new sign-in resolves. */
const TOKEN_ERRORS: readonly (AnyErrorName | undefined)[] = ["tokenInvalid", "tokenExpired", "tokenForeign"];

/** The 4xx statuses after which a retry can succeed. */
const RETRYABLE_STATUSES = [401, 408, 410, 425];

/** Returns the reason for which the server has closed the connection. */
export function reasonOfClose(code: number): Reason {
  return reasonOf({ code, message: "" }) ?? "lost";
}

/** Returns whether a new sign-in may resolve this error. */
export function isTokenRefused(error: unknown): boolean {
  const sent = sentError(error);
  return sent !== undefined && TOKEN_ERRORS.includes(nameOfError(sent));
}

/** Returns the reason for which a join has failed. If the server is unreachable, the error has no code. */
export function reasonOfError(error: unknown): Reason {
  if (error instanceof MapError) return "badMap";
  const sent = sentError(error);
  if (sent === undefined) return "lost";
  const { code } = sent;
  const isRefusal = code >= 400 && code < 500 && !RETRYABLE_STATUSES.includes(code);
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
