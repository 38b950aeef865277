// What the server answers over HTTP besides matchmaking: the page, the maps, health, the monitor, the playground.
import { basicAuth, monitor, playground } from "colyseus";
import express, { type Application, type NextFunction, type Request, type Response } from "express";
import type { Admission } from "./admission.ts";
import { identityRoutes } from "./identity.ts";
import { type Metrics, metricsRoute } from "./metrics.ts";
import type { Tokens } from "./tokens.ts";

/** What the routes need to know. */
export interface HttpSettings {
  monitorUser: string;
  monitorPassword: string;
  mapsFolder: string;
  metrics: Metrics;
  /** What `/metrics` asks for; without it everybody may read them. */
  metricsToken?: string;
  /** Signs the tokens that `/auth` gives out. */
  tokens: Tokens;
  /** Whether places are being saved. While they are not, those who come with a token may be refused. */
  isStoreHealthy: () => boolean;
  /** Lets players in, or not. */
  admission: Pick<Admission, "hindrance" | "delayMs">;
  /** The playground shows everybody how to send anything: never in production. */
  playground: boolean;
  /** Puts the demo page at `/`. */
  page: (app: Application) => void | Promise<void>;
}

/** Adds the routes to the framework's express app. */
export async function httpRoutes(app: Application, settings: HttpSettings): Promise<void> {
  app.disable("x-powered-by");
  app.get("/healthz", (_request, response) => {
    response.type("text").send("ok\n");
  });
  app.get("/readyz", (_request, response) => {
    const hindrance = hindranceOf(settings);
    response
      .status(hindrance ? 503 : 200)
      .type("text")
      .send(`${hindrance ?? "ready"}\n`);
  });
  metricsRoute(app, settings.metrics, settings.metricsToken);
  identityRoutes(app, settings.tokens);
  const users = { [settings.monitorUser]: settings.monitorPassword };
  app.use("/monitor", endingAnswers, monitor({ use: [basicAuth({ users, realm: "sabang monitor" })] }));
  if (settings.playground) app.use("/playground", playground());
  app.use("/maps", express.static(settings.mapsFolder));
  await settings.page(app);
}

/**
 * The framework's router waits for `drain` when an answer is larger than the socket's buffer, and then never ends it
 * (setResponse of @colyseus/better-call 1.3.3): the monitor would hang on a crowded room. Told that there is no need to
 * wait, it ends the answer, which is in memory anyway.
 */
function endingAnswers(_request: Request, response: Response, next: NextFunction): void {
  const write = response.write.bind(response) as (...values: unknown[]) => boolean;
  response.write = (...values: unknown[]) => {
    write(...values);
    return true;
  };
  next();
}

/** Why no new players should be sent here; undefined while they should. */
function hindranceOf({ admission, isStoreHealthy }: HttpSettings): string | undefined {
  if (admission.hindrance === "stopping") return "draining: no new players";
  if (admission.hindrance === "busy") return `busy: ticks are ${Math.round(admission.delayMs)} ms late`;
  if (!isStoreHealthy()) return "the store is away: places wait to be saved, and players with a token may be refused";
  return undefined;
}
