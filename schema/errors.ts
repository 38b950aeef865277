// Every error that a client can get. Programs distinguish errors by name: a code above 1000 belongs to one error, and
// the text of an error with an HTTP status ends in ` [name]`. Messages are for people and may change at any time.
// docs/protocol.md has the same tables.
import { DIRECTION_WORDS } from "../sim/directions.ts";

/** An error as it is sent: a code and a message. */
export interface SentError {
  /** An HTTP status, or a code above 1000 of an error frame or a close frame. */
  code: number;
  message: string;
}

/** The errors that sabang itself sends. */
export const ERRORS = {
  // HTTP statuses. Each rejects a join, a sign-in, an upgrade or another request.
  badRequest: { code: 400, message: "This request is malformed." },
  tokenInvalid: { code: 401, message: "This token was not signed by this server. Sign in again." },
  metricsTokenInvalid: { code: 401, message: "Send METRICS_TOKEN as a bearer token." },
  passwordInvalid: { code: 401, message: "Enter the user and the password of the monitor." },
  tokenForeign: { code: 403, message: "This token does not name a player. Sign in again." },
  foreignOrigin: { code: 403, message: "Pages of this site are not allowed to join this server." },
  monitorOnly: {
    code: 403,
    message: "The monitor answers only its own page. Programs send the header `Sec-Fetch-Site: none`.",
  },
  unknownMap: { code: 404, message: "There is no map with this name." },
  notFound: { code: 404, message: "There is no page or resource at this address." },
  tokenExpired: { code: 410, message: "This token has expired. Sign in again." },
  tooLarge: { code: 413, message: "This request is too large." },
  unsupportedType: { code: 415, message: "The body must be application/json." },
  badJoinOption: { code: 422, message: "A join option is invalid." },
  outdated: { code: 426, message: "This page is older than the server. Reload it." },
  tooManyJoins: { code: 429, message: "Too many joins from your address. Try again in a minute." },
  tooManyConnections: { code: 429, message: "Too many connections from your address. Close one of them first." },
  tooManyPasswords: { code: 429, message: "Too many wrong passwords from your address. Try again later." },
  internalError: { code: 500, message: "The server failed to answer this request. Try again later." },
  busy: { code: 503, message: "The server is full. Try again in 10 seconds." },
  stopping: { code: 503, message: "The server is about to stop. Try again in 10 seconds." },
  storeUnavailable: {
    code: 503,
    message: "Your saved position is unavailable. Try again in a few seconds, or join without a token.",
  },

  // Error frames. Each answers a message, and the connection stays open.
  badMove: { code: 4301, message: `A move must be one of these words: ${DIRECTION_WORDS.join(", ")}.` },
  unknownMessage: { code: 4302, message: "This room accepts only the message `move`." },

  // Close frames. The server does not hold the client's seat after any of them.
  badFrame: { code: 4310, message: "Invalid frame." },
  /** Closes a plain WebSocket after an error frame that gives the reason. */
  joinRefused: { code: 4311, message: "The join was refused." },
  takenOver: { code: 4312, message: "You joined from another client; this connection was closed." },
  flooding: { code: 4313, message: "You sent more messages than the server accepts." },
  slowConsumer: { code: 4314, message: "Your connection cannot keep up with updates." },
  idle: { code: 4315, message: "You stood still for too long. Join again to play on." },
  /** The framework's code for a server that stops. */
  serverShutdown: { code: 4001, message: "The server is shutting down. Reconnect in a few seconds." },
} as const satisfies Record<string, SentError>;

/** The name of an error that sabang sends. */
export type ErrorName = keyof typeof ERRORS;

/** The codes of errors that come from the framework and the WebSocket library, by the names that sabang gives them. */
export const FRAMEWORK_ERRORS = {
  noHandler: 520,
  invalidCriteria: 521,
  unknownRoom: 522,
  unhandled: 523,
  seatExpired: 524,
  authFailed: 525,
  applicationError: 526,
  frameTooLarge: 1009,
  consented: 4000,
  badMessage: 4002,
  failedToReconnect: 4003,
} as const;

/** The name of any error that a client can get. */
export type AnyErrorName = ErrorName | keyof typeof FRAMEWORK_ERRORS;

const TAG = / \[(\w+)\]$/;

/** The names of errors by code, without the codes that several errors share. */
const NAME_OF_CODE: ReadonlyMap<number, AnyErrorName> = uniqueCodes();

function uniqueCodes(): Map<number, AnyErrorName> {
  const names = new Map<number, AnyErrorName>();
  const shared = new Set<number>();
  const all = [
    ...Object.entries(ERRORS).map(([name, { code }]) => [name, code] as const),
    ...Object.entries(FRAMEWORK_ERRORS),
  ];
  for (const [name, code] of all) {
    if (names.has(code)) shared.add(code);
    names.set(code, name as AnyErrorName);
  }
  for (const code of shared) names.delete(code);
  return names;
}

/**
 * Returns the text of an error that is sent with an HTTP status: its message and, at the end, its name. The SDK exposes
 * only the status and this text.
 * @param message replaces the message of the table.
 */
export function taggedMessage(name: ErrorName, message: string = ERRORS[name].message): string {
  return `${message} [${name}]`;
}

/** Returns an error as it is sent with an HTTP status. */
export function sentError(name: ErrorName): SentError {
  return { code: ERRORS[name].code, message: taggedMessage(name) };
}

/** Returns an error's text without the name at its end. */
export function untagged(text: string): string {
  return text.replace(TAG, "");
}

/** Returns the body of an HTTP error response. */
export function errorBody(name: ErrorName): { code: number; name: ErrorName; error: string } {
  return { code: ERRORS[name].code, name, error: taggedMessage(name) };
}

/** Returns the name of an error that a client has received; undefined for an error that is not in the tables. */
export function nameOfError({ code, message }: SentError): AnyErrorName | undefined {
  const tag = TAG.exec(message)?.[1];
  if (tag !== undefined && Object.hasOwn(ERRORS, tag) && ERRORS[tag as ErrorName].code === code)
    return tag as ErrorName;
  return NAME_OF_CODE.get(code);
}
