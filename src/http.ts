// What the server answers over HTTP besides matchmaking: the page, the maps, health, the monitor, the playground.
import { basicAuth, matchMaker, monitor, playground } from "colyseus";
import express, { type Application } from "express";

/** What the routes need to know. */
export interface HttpSettings {
  monitorUser: string;
  monitorPassword: string;
  mapsFolder: string;
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
    const ready = matchMaker.state === matchMaker.MatchMakerState.READY;
    response
      .status(ready ? 200 : 503)
      .type("text")
      .send(ready ? "ready\n" : "draining: no new players\n");
  });
  const users = { [settings.monitorUser]: settings.monitorPassword };
  app.use("/monitor", monitor({ use: [basicAuth({ users, realm: "sabang monitor" })] }));
  if (settings.playground) app.use("/playground", playground());
  app.use("/maps", express.static(settings.mapsFolder));
  await settings.page(app);
}
