// The reasons why the page is not in a room, and what the user can do about each. Finds the reason for each error with
// which a join fails or the server closes a connection.
import { MatchMakeError, ServerError } from "@colyseus/sdk";
import { type AnyErrorName, nameOfError, type SentError } from "../schema/errors.ts";
import { MapError } from "../sim/map.ts";

/**
 * The remedy for each reason. `wait`: the page retries by itself. `join`: the user must ask the page to join again.
 * `reload`: the user must reload the page. `none`: a retry would fail again.
 */
export const REMEDIES = {
  lost: "wait",
  restarting: "wait",
  busy: "wait",
  full: "wait",
  proxy: "wait",
  storeUnavailable: "wait",
  tooMany: "wait",
  takenOver: "join",
  flooding: "join",
  slowConsumer: "join",
  idle: "join",
  kicked: "join",
  outdated: "reload",
  incomplete: "reload",
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
  busy: "busy",
  worldFull: "full",
  clusterAway: "restarting",
  upgradeRequired: "proxy",
  upgradeDropped: "proxy",
  storeUnavailable: "storeUnavailable",
  tooManyJoins: "tooMany",
  tooManyConnections: "tooMany",
  takenOver: "takenOver",
  flooding: "flooding",
  slowConsumer: "slowConsumer",
  idle: "idle",
  kicked: "kicked",
  outdated: "outdated",
  badJoinOption: "badName",
  unknownMap: "unknownMap",
  foreignOrigin: "foreignSite",
};

/** The errors with which the server refuses a chat text or a wave of the hand. The page stays in the room. */
export const SAY_REFUSALS = ["badSay", "tooManySays", "muted"] as const satisfies AnyErrorName[];

/** An error with which the server refuses a chat text or a wave of the hand. */
export type SayRefusal = (typeof SAY_REFUSALS)[number];

/** Reasons by HTTP status, for a response without one of the server's errors, such as a response from a proxy. */
const REASON_OF_STATUS: Readonly<Record<number, Reason>> = { 429: "tooMany", 503: "busy" };

/** The 4xx statuses after which a retry can succeed. */
const RETRYABLE_STATUSES = [401, 408, 410, 425];

/**
 * Thrown if a part of the page cannot be loaded: the network has failed, or the server has a new version of the page.
 */
export class IncompletePageError extends Error {}

/** Returns the reason why the server has closed the connection. */
export function reasonOfClose(code: number): Reason {
  return reasonOf({ code, message: "" }) ?? "lost";
}

/** Returns the reason why a join has failed. The error has no code if the server is unreachable. */
export function reasonOfError(error: unknown): Reason {
  if (error instanceof MapError) return "badMap";
  if (error instanceof IncompletePageError) return "incomplete";
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
