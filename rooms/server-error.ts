// Converts the errors of the table (schema/errors.ts) to errors of the framework.
import { ServerError } from "colyseus";
import { ERRORS, type ErrorName, taggedMessage } from "../schema/errors.ts";

/**
 * Returns an error that refuses a join or a request when it is thrown.
 * @param message replaces the message of the table.
 */
export function serverError(name: ErrorName, message?: string): ServerError {
  return new ServerError(ERRORS[name].code, taggedMessage(name, message));
}
