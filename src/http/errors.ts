// The error answers of the routes.
import type { Response } from "express";
import { ERRORS, type ErrorName, errorBody } from "../../schema/errors.ts";

/** Answers with an error of schema/errors.ts. */
export function sendError(response: Response, error: ErrorName): void {
  response.status(ERRORS[error].code).json(errorBody(error));
}
