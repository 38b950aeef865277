// The two routes of the SDK's `client.auth`, by which a client signs in.
import { getBearerToken, type ServerError } from "colyseus";
import type { Application, Request } from "express";
import { type ErrorName, nameOfError } from "../../schema/errors.ts";
import { newPlayerId, type Tokens } from "../auth/tokens.ts";
import { sendError } from "./errors.ts";

/** Adds `/auth/anonymous` and `/auth/userdata`. Nothing else of @colyseus/auth has an address: no passwords, no providers. */
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

/** The token of a request; an empty one, which is invalid, if there is none. */
function tokenOf(request: Request): string {
  return getBearerToken(request.headers.authorization ?? "") ?? "";
}
