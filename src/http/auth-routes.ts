// The two routes that the SDK's `client.auth` uses to sign in.
import { getBearerToken, type ServerError } from "colyseus";
import type { Application, Request } from "express";
import { type ErrorName, nameOfError } from "../../schema/errors.ts";
import { newPlayerId, type Tokens } from "../auth/tokens.ts";
import { sendError } from "./errors.ts";

/** Adds `/auth/anonymous` and `/auth/userdata`, but no other route of @colyseus/auth (passwords, providers). */
export function identityRoutes(app: Application, tokens: Tokens): void {
  // A client with a valid token stays the same player and gets a new token. This renews tokens.
  app.post("/auth/anonymous", async (request, response) => {
    const id = await tokens.read(tokenOf(request)).catch(newPlayerId);
    response.json({ user: { id, anonymous: true }, token: await tokens.sign(id) });
  });
  app.get("/auth/userdata", async (request, response) => {
    try {
      response.json({ user: { id: await tokens.read(tokenOf(request)), anonymous: true } });
    } catch (error) {
      sendError(response, nameOfError(error as ServerError) as ErrorName);
    }
  });
  app.use("/auth", (_request, response) => sendError(response, "notFound"));
}

/** Returns the bearer token of a request, or an empty one, which is invalid. */
function tokenOf(request: Request): string {
  return getBearerToken(request.headers.authorization ?? "") ?? "";
}
