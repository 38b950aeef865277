// The two routes that the SDK's `client.auth` uses to sign in.
import { getBearerToken, type ServerError } from "colyseus";
import type { Application, Request } from "express";
import { type ErrorName, nameOfError } from "../../schema/errors.ts";
import { newPlayerId, type Tokens } from "../auth/tokens.ts";
import { sendError } from "./errors.ts";

/**
 * Adds `/auth/anonymous` and `/auth/userdata`. Does not add the other routes of @colyseus/auth, which are for passwords
 * and identity providers.
 */
export function identityRoutes(app: Application, tokens: Tokens): void {
  // A client with a valid token keeps its player id and gets a new token with the full lifetime. Other clients get a
  // new id.
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

/** Returns the bearer token of a request, or an empty token if there is none. An empty token is invalid. */
function tokenOf(request: Request): string {
  return getBearerToken(request.headers.authorization ?? "") ?? "";
}
