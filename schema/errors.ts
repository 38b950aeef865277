// Every error that sabang itself sends: its code, the sentence that goes with it. docs/protocol.md lists the same.
import { DIRECTION_WORDS } from "../sim/directions.ts";

/** The codes and sentences a client can get from us, besides the framework's own. */
export const ERRORS = {
  /** Refuses a join, as HTTP status. The sentence of the option that was wrong takes the place of this one. */
  badJoinOption: { code: 422, sentence: "A join option is not valid." },
  /** Refuses a join, as HTTP status. */
  unknownMap: { code: 404, sentence: "There is no map of that name." },
  /** Refuses a join, as HTTP status: not signed by us, whatever else is wrong with it. */
  tokenForged: { code: 401, sentence: "This token was not signed by this server. Sign in again." },
  /** Refuses a join, as HTTP status. */
  tokenExpired: { code: 410, sentence: "This token has expired. Sign in again." },
  /** Refuses a join, as HTTP status: signed by us, but for something else. */
  tokenForeign: { code: 403, sentence: "This token names no player. Sign in again." },
  /** Refuses the join of somebody with a token, as HTTP status. */
  storeAway: {
    code: 503,
    sentence:
      "Nobody can tell where you stood: the store is away. Try again in a few seconds, or join without a token.",
  },
  /** Refuses a join, as HTTP status: the client speaks another version of the protocol. */
  outdated: { code: 426, sentence: "This page is of another version than the server. Reload it." },
  /** Refuses a join or an upgrade, as HTTP status. */
  foreignOrigin: { code: 403, sentence: "Pages of this site may not join this server." },
  /** Refuses a join or a sign-in, as HTTP status. */
  tooManyJoins: { code: 429, sentence: "Too many joins from your address. Try again in a minute." },
  /** Refuses a join or an upgrade, as HTTP status. */
  tooManyConnections: { code: 429, sentence: "Too many connections from your address. Close one of them first." },
  /** Refuses a join, as HTTP status: nothing of ours is that large. */
  tooLarge: { code: 413, sentence: "This request is larger than any that the server takes." },
  /** Refuses a join, as HTTP status, while those who are in need all there is. */
  busy: { code: 503, sentence: "The server is full at the moment. Try again in 10 seconds." },
  /** Refuses a join, as HTTP status: those who play will be asked to connect again, too. */
  stopping: { code: 503, sentence: "The server is about to stop. Try again in 10 seconds." },
  /** Answers a message; the connection stays. */
  badMove: { code: 4301, sentence: `A move must be one of these words: ${DIRECTION_WORDS.join(", ")}.` },
  /** Answers a message; the connection stays. */
  unknownMessage: { code: 4302, sentence: "This room takes the message `move` and no other." },
  /** Closes the connection. */
  badFrame: { code: 4310, sentence: "This is not a frame a client may send." },
  /** Closes a plain WebSocket, after an error frame that says why. */
  joinRefused: { code: 4311, sentence: "The join was refused." },
  /** Closes the connection, and no seat is held. */
  takenOver: { code: 4312, sentence: "You have joined from elsewhere, and play on there." },
  /** Closes the connection, and no seat is held. */
  flooding: { code: 4313, sentence: "You keep sending more messages than the server takes." },
  /** Closes the connection: too much waits for a client that does not read. */
  notReading: { code: 4314, sentence: "You do not read what the server sends." },
  /** Closes the connection, and no seat is held. */
  idle: { code: 4315, sentence: "You stood still for too long. Join again to play on." },
  /** Closes a plain WebSocket when the server stops; it is the framework's own code for that. */
  serverShutdown: { code: 4001, sentence: "The server is shutting down. Connect again in a few seconds." },
} as const;

/** The name of an error in the table. */
export type ErrorName = keyof typeof ERRORS;

/**
 * Which error of the table somebody was sent, or undefined if it is none of ours. Where several have one code their
 * sentences tell them apart; the sentence that was sent may go on after that of the table.
 */
export function nameOfError({ code, message }: { code: number; message: string }): ErrorName | undefined {
  const names = (Object.keys(ERRORS) as ErrorName[]).filter((name) => ERRORS[name].code === code);
  return names.length > 1 ? names.find((name) => message.startsWith(ERRORS[name].sentence)) : names[0];
}
