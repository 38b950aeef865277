// Converts the errors of the table (schema/errors.ts) to errors of the framework.
import { ServerError } from "colyseus";
import { ERRORS, type ErrorName, taggedMessage } from "../schema/errors.ts";

/**
 * Returns an error for a handler to throw. The framework then refuses the join or the request with it.
 * @param message is sent instead of the error's message in ERRORS.
 */
export function serverError(name: ErrorName, message?: string): ServerError {
  return new ServerError(ERRORS[name].code, taggedMessage(name, message));
}
