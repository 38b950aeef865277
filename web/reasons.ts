// Why the page is not in a room, and what helps: every code with which the server refuses a join or closes.
import { MatchMakeError, ServerError } from "@colyseus/sdk";
import { MapError } from "../sim/map.ts";

/**
 * What helps against each reason. `wait`: the page tries again by itself. `join`: it does when its user says so.
 * `reload`: another page is needed. `none`: trying again would change nothing.
 */
export const REMEDIES = {
  lost: "wait",
  restarting: "wait",
  full: "wait",
  storeAway: "wait",
  tooMany: "wait",
  takenOver: "join",
  flooding: "join",
  notReading: "join",
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

/** By the codes of schema/errors.ts, which a page cannot import. docs/protocol.md explains each. */
const CLOSED: Readonly<Record<number, Reason>> = {
  4001: "restarting",
  4312: "takenOver",
  4313: "flooding",
  4314: "notReading",
  4315: "idle",
};

/** Likewise, as HTTP statuses. 4312 refuses the one of two joins that came too early. */
const REFUSED: Readonly<Record<number, Reason>> = {
  403: "foreignSite",
  404: "unknownMap",
  413: "refused",
  422: "badName",
  426: "outdated",
  429: "tooMany",
  4312: "takenOver",
};

/** 503 has several reasons, which the words of the server's sentence tell apart; with none of these it is full. */
const UNAVAILABLE: readonly (readonly [words: RegExp, Reason])[] = [
  [/about to stop/, "restarting"],
  [/store is away/, "storeAway"],
];

/** Statuses that say that a token is no good. 403 is one of them, and that of a site whose pages may not join. */
const TOKEN_REFUSED = [401, 403, 410];

/** 4xx says that the request is wrong, except for these, which speak of time. */
const MAY_PASS = [401, 408, 410, 425];

/** Why the server has closed the connection. */
export function reasonOfClose(code: number): Reason {
  return CLOSED[code] ?? "lost";
}

/** Whether signing in anew may help against this error. */
export function isTokenRefused(error: unknown): boolean {
  return TOKEN_REFUSED.includes(codeOf(error)!);
}

/** Why a join has failed. A server that cannot be reached gives no code at all. */
export function reasonOfError(error: unknown): Reason {
  if (error instanceof MapError) return "badMap";
  const code = codeOf(error);
  if (code === undefined) return "lost";
  if (code === 503) return UNAVAILABLE.find(([words]) => words.test((error as Error).message))?.[1] ?? "full";
  return REFUSED[code] ?? (code >= 400 && code < 500 && !MAY_PASS.includes(code) ? "refused" : "lost");
}

function codeOf(error: unknown): number | undefined {
  const known = error instanceof MatchMakeError || error instanceof ServerError;
  return known && typeof error.code === "number" ? error.code : undefined;
}
