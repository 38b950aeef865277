// The HTTP routes other than matchmaking: page, maps, health, metrics, sign-in, monitor, playground.
import { logger, monitor, playground } from "colyseus";
import express, { type Application, type NextFunction, type Request, type Response } from "express";
import type { Tokens } from "../auth/tokens.ts";
import type { Admission } from "../edge/admission.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { identityRoutes } from "./auth-routes.ts";
import { sendError } from "./errors.ts";
import { metricsRoute } from "./metrics-route.ts";
import { type MonitorGuardSettings, monitorGuard } from "./monitor-guard.ts";

/** The settings of the routes. */
export interface HttpSettings {
  monitorUser: string;
  monitorPassword: string;
  mapsFolder: string;
  metrics: Metrics;
  /** The bearer token that `/metrics` requires. Without it anyone may read the metrics. */
  metricsToken?: string;
  /** Signs and verifies the tokens of `/auth`. */
  tokens: Tokens;
  /** Returns whether player records can be saved. While they cannot, the rooms may refuse joins with a token. */
  isStoreHealthy: () => boolean;
  /** Accepts or refuses new players. */
  admission: Pick<Admission, "blockedReason" | "delayMs">;
  /** Finds the address and checks the origin of a request, and counts refusals. */
  filter: Pick<MonitorGuardSettings, "addresses" | "origins" | "onRefused">;
  /** Whether to serve the playground, where anyone can send any message. Never in production. */
  playground: boolean;
  /** Adds the demo page at `/`. */
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
  // Pages of other sites may show the maps too.
  const setHeaders = (response: Response) => response.set("Cross-Origin-Resource-Policy", "cross-origin");
  app.use("/maps", express.static(settings.mapsFolder, { setHeaders, redirect: false }));
  await settings.page(app);
  app.use((_request, response) => sendError(response, "notFound"));
  app.use(answerError);
}

/** Answers a request whose route threw. The error is logged; the client gets no details. */
function answerError(error: unknown, request: Request, response: Response, _next: NextFunction): void {
  const { status = 500 } = error as { status?: number };
  if (status >= 500) logger.error({ err: error, path: request.path }, "request failed");
  if (response.headersSent) response.destroy();
  else sendError(response, status >= 500 ? "internalError" : "badRequest");
}

/**
 * Lets the framework's router write an answer without waiting for the socket to drain. The whole answer is in memory
 * anyway.
 */
export function endingAnswers(_request: Request, response: Response, next: NextFunction): void {
  const write = response.write.bind(response) as (...values: unknown[]) => boolean;
  response.write = (...values: unknown[]) => {
    write(...values);
    return true;
  };
  next();
}

/** Returns the reason why a load balancer should send no new players here; undefined if there is none. */
function blockedReasonOf({ admission, isStoreHealthy }: HttpSettings): string | undefined {
  if (admission.blockedReason === "stopping") return "draining: no new players";
  if (admission.blockedReason === "busy") return "busy: no new players";
  if (!isStoreHealthy())
    return "the store is unavailable: positions are queued, and players with a token may be refused";
  return undefined;
}
