// Every error that a client can get. Programs identify an error by its name. Codes above 1000 are unique. HTTP statuses
// are not, so the text of an error with an HTTP status ends in ` [name]`. Messages are for people and may change at any
// time. docs/protocol.md has the same tables.
import { DIRECTION_WORDS } from "../sim/directions.ts";
import { TICK_HZ } from "../sim/rules.ts";
import { SAY_BURST, SAY_LIMITS } from "./protocol.ts";

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
  hostWithoutPort: {
    code: 403,
    message:
      "The page's address has a port that the request's `Host` header lacks. " +
      "The proxy must pass the header on with its port: in nginx, `proxy_set_header Host $http_host`.",
  },
  monitorOnly: {
    code: 403,
    message: "The monitor answers only its own page. Programs send the header `Sec-Fetch-Site: none`.",
  },
  arrivalInvalid: {
    code: 403,
    message:
      "This arrival is not yours, is for another map, has been used or is older than 10 seconds. Join without it.",
  },
  unknownMap: { code: 404, message: "There is no map with this name." },
  notFound: { code: 404, message: "There is no page or resource at this address." },
  tokenExpired: { code: 410, message: "This token has expired. Sign in again." },
  tooLarge: { code: 413, message: "This request is too large." },
  unsupportedType: { code: 415, message: "The body must be application/json." },
  badJoinOption: { code: 422, message: "A join option is invalid." },
  outdated: { code: 426, message: "This page is older than the server. Reload it." },
  upgradeRequired: { code: 426, message: "This is the address of a WebSocket. Open it with a WebSocket client." },
  upgradeDropped: {
    code: 426,
    message:
      "A proxy on the way to the server drops WebSockets. It must pass on the headers `Upgrade` and `Connection`.",
  },
  tooManyJoins: { code: 429, message: "Too many joins from your address. Try again in a minute." },
  tooManyConnections: { code: 429, message: "Too many connections from your address. Close one of them first." },
  tooManyPasswords: { code: 429, message: "Too many wrong passwords from your address. Try again later." },
  internalError: { code: 500, message: "The server failed to answer this request. Try again later." },
  /** The server is overloaded, or a process of a cluster has reached its limit of connections. */
  busy: { code: 503, message: "The server is too busy for new players. Try again in 10 seconds." },
  stopping: { code: 503, message: "The server is about to stop. Try again in 10 seconds." },
  storeUnavailable: {
    code: 503,
    message: "Your saved position is unavailable. Try again in a few seconds, or join without a token.",
  },
  /** The map has as many players as MAX_PLAYERS_PER_WORLD allows. */
  worldFull: { code: 503, message: "This world is full. Try again later." },
  /** A process of a cluster cannot reach Redis or the process that runs the rooms. */
  clusterAway: { code: 503, message: "The server cannot reach the world at the moment. Try again in a few seconds." },
  /** The code is the framework's own code for a room that cannot be joined. */
  roomFull: { code: 522, message: "This room is full. Join another room, or try again later." },

  // Error frames. The connection stays open after each of them.
  badMove: { code: 4301, message: `A move must be one of these words: ${DIRECTION_WORDS.join(", ")}.` },
  unknownMessage: {
    code: 4302,
    message: "This room accepts only the messages `move`, `say`, `wave`, `invite` and `uninvite`.",
  },
  /** Sent at most once every ten seconds to a client that keeps sending more inputs than the world applies. */
  tooManyInputs: {
    code: 4303,
    message: `You send more than ${TICK_HZ} inputs per second. The server drops those that do not fit.`,
  },
  badSay: { code: 4304, message: `Say a visible text of 1 to ${SAY_LIMITS.characters} characters.` },
  tooManySays: {
    code: 4305,
    message: `You can say something or wave ${SAY_BURST} times at once, and then once per second. Try again shortly.`,
  },
  muted: { code: 4306, message: "The operator of the server has muted you for some time." },

  invitationEnded: {
    code: 4307,
    message: "This invitation has ended, or the room has no place left. You have joined the map as usual.",
  },

  // Close frames. After `replaced`, the server holds the client's seat for a reconnection. The others end the session.
  badFrame: { code: 4310, message: "Invalid frame." },
  /** Closes a plain WebSocket after an error frame that gives the reason. */
  joinRefused: { code: 4311, message: "The join was refused." },
  takenOver: { code: 4312, message: "You joined from another client; this connection was closed." },
  flooding: { code: 4313, message: "You sent more messages than the server accepts." },
  slowConsumer: { code: 4314, message: "Your connection cannot keep up with updates." },
  idle: { code: 4315, message: "You stood still for too long. Join again to play on." },
  /** An error frame with this code and the reason is sent before the close frame if the operator gives a reason. */
  kicked: { code: 4316, message: "The operator of the server has disconnected you." },
  /** The code is the framework's own code for a server that stops. */
  serverShutdown: { code: 4001, message: "The server is shutting down. Reconnect in a few seconds." },
  /** The framework's own code for a reconnection: the SDK reconnects by itself, to another process of the cluster. */
  replaced: { code: 4010, message: "This process of the server ends. Reconnect at once." },
} as const satisfies Record<string, SentError>;

/** The name of an error that sabang sends. */
export type ErrorName = keyof typeof ERRORS;

/** The codes of errors that the framework and the WebSocket library send, by the names that sabang gives them. */
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

/**
 * The names of errors by code, for messages that do not end in a name. A code that several errors of sabang share is
 * left out. A code that sabang and the framework both use has the name of the framework's error.
 */
const NAME_OF_CODE: ReadonlyMap<number, AnyErrorName> = uniqueCodes();

function uniqueCodes(): Map<number, AnyErrorName> {
  const names = new Map<number, AnyErrorName>();
  const shared = new Set<number>();
  for (const [name, { code }] of Object.entries(ERRORS)) {
    if (names.has(code)) shared.add(code);
    names.set(code, name as AnyErrorName);
  }
  for (const code of shared) names.delete(code);
  for (const [name, code] of Object.entries(FRAMEWORK_ERRORS)) names.set(code, name as AnyErrorName);
  return names;
}

/**
 * Returns the text of an error that is sent with an HTTP status: its message and, at the end, its name. The SDK exposes
 * only the status and this text.
 * @param message is used instead of the error's message in ERRORS.
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
