// How a client becomes somebody: the two routes that the SDK's `client.auth` asks.

import { getBearerToken, type ServerError } from "colyseus";
import type { Application, Request } from "express";
import { newPlayerId, type Tokens } from "../auth/tokens.ts";

/** Adds `/auth/anonymous` and `/auth/userdata`. Nothing else of @colyseus/auth has an address: no passwords, no providers. */
export function identityRoutes(app: Application, tokens: Tokens): void {
  // Who comes with a good token stays who they are, and gets a new one: this is how tokens are renewed.
  app.post("/auth/anonymous", async (request, response) => {
    const id = await tokens.read(tokenOf(request)).catch(newPlayerId);
    response.json({ user: { id, anonymous: true }, token: await tokens.sign(id) });
  });
  app.get("/auth/userdata", async (request, response) => {
    try {
      response.json({ user: { id: await tokens.read(tokenOf(request)), anonymous: true } });
    } catch (error) {
      const { code, message } = error as ServerError;
      response.status(code).json({ code, error: message });
    }
  });
  app.use("/auth", (_request, response) => {
    response.status(404).json({ code: 404, error: "There is nothing here." });
  });
}

/** The token of a request; an empty one, which is as good as a forged one, if there is none. */
function tokenOf(request: Request): string {
  return getBearerToken(request.headers.authorization ?? "") ?? "";
}
