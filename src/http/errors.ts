// Errors as the routes answer them.
import type { Response } from "express";
import { ERRORS, type ErrorName, errorBody } from "../../schema/errors.ts";

/** Answers with an error of the table. */
export function sendError(response: Response, error: ErrorName): void {
  response.status(ERRORS[error].code).json(errorBody(error));
}
