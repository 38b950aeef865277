// Our errors as the framework sends them.
import { ServerError } from "colyseus";
import { ERRORS, type ErrorName, taggedMessage } from "../schema/errors.ts";

/**
 * An error that refuses a join or a request when it is thrown.
 * @param message replaces the message of the table.
 */
export function serverError(name: ErrorName, message?: string): ServerError {
  return new ServerError(ERRORS[name].code, taggedMessage(name, message));
}
