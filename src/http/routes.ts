// What the server answers over HTTP besides matchmaking: the page, the maps, health, the monitor, the playground.
import { logger, monitor, playground } from "colyseus";
import express, { type Application, type NextFunction, type Request, type Response } from "express";
import type { Tokens } from "../auth/tokens.ts";
import type { Admission } from "../edge/admission.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { identityRoutes } from "./auth-routes.ts";
import { sendError } from "./errors.ts";
import { metricsRoute } from "./metrics-route.ts";
import { type MonitorGuardSettings, monitorGuard } from "./monitor-guard.ts";

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
  admission: Pick<Admission, "blockedReason" | "delayMs">;
  /** Who asks, from which page, and whom to tell of those who were refused. */
  filter: Pick<MonitorGuardSettings, "addresses" | "origins" | "onRefused">;
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
    const reason = blockedReasonOf(settings);
    response
      .status(reason ? 503 : 200)
      .type("text")
      .send(`${reason ?? "ready"}\n`);
  });
  metricsRoute(app, settings.metrics, settings.metricsToken);
  identityRoutes(app, settings.tokens);
  const { filter, monitorUser: user, monitorPassword: password } = settings;
  app.use("/monitor", monitorGuard({ ...filter, user, password }), endingAnswers, monitor());
  if (settings.playground) app.use("/playground", playground());
  // Pages of other sites may show the maps, too.
  const setHeaders = (response: Response) => response.set("Cross-Origin-Resource-Policy", "cross-origin");
  app.use("/maps", express.static(settings.mapsFolder, { setHeaders, redirect: false }));
  await settings.page(app);
  app.use((_request, response) => sendError(response, "notFound"));
  app.use(answerError);
}

/** Answers a request whose route threw. The log gets the error, the client only that there was one. */
function answerError(error: unknown, request: Request, response: Response, _next: NextFunction): void {
  const { status = 500 } = error as { status?: number };
  if (status >= 500) logger.error({ err: error, path: request.path }, "a request failed");
  if (response.headersSent) response.destroy();
  else sendError(response, status >= 500 ? "internalError" : "badRequest");
}

/** Lets the framework's router write an answer without waiting for the socket. The answer is in memory anyway. */
export function endingAnswers(_request: Request, response: Response, next: NextFunction): void {
  const write = response.write.bind(response) as (...values: unknown[]) => boolean;
  response.write = (...values: unknown[]) => {
    write(...values);
    return true;
  };
  next();
}

/** Why a balancer should send no new players here; undefined while it should. */
function blockedReasonOf({ admission, isStoreHealthy }: HttpSettings): string | undefined {
  if (admission.blockedReason === "stopping") return "draining: no new players";
  if (admission.blockedReason === "busy") return "busy: no new players";
  if (!isStoreHealthy())
    return "the store is unavailable: positions are queued, and players with a token may be refused";
  return undefined;
}
