// The HTTP routes other than matchmaking: page, maps, health, metrics, sign-in, monitor, playground.
import { logger, monitor } from "colyseus";
import compression from "compression";
import type { Application, NextFunction, Request, Response } from "express";
import type { Tokens } from "../auth/tokens.ts";
import type { Admission } from "../edge/admission.ts";
import type { MapFolder } from "../maps/load-maps.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { identityRoutes } from "./auth-routes.ts";
import { keepUncached } from "./caching.ts";
import { sendError } from "./errors.ts";
import { failedUpgrades } from "./failed-upgrades.ts";
import { mapRoutes } from "./map-routes.ts";
import { metricsRoute } from "./metrics-route.ts";
import { type MonitorGuardSettings, monitorGuard } from "./monitor-guard.ts";
import { playgroundRoutes } from "./playground.ts";
import { type RemoteMonitor, remoteMonitor } from "./remote-monitor.ts";

/** The part of a cluster that the routes use. */
interface ClusterState extends RemoteMonitor {
  /** Why the process accepts no new players; undefined if it accepts them. */
  readonly blockedReason: string | undefined;
}

/** The settings of the routes. */
export interface HttpSettings {
  monitorUser: string;
  monitorPassword: string;
  mapFolder: MapFolder;
  metrics: Metrics;
  /** The bearer token that `/metrics` requires. Anyone may read the metrics if no token is set. */
  metricsToken?: string;
  /** Signs and verifies the tokens of `/auth`. */
  tokens: Tokens;
  /** Returns whether player records can be saved. If not, the rooms may refuse players who have a token. */
  isStoreHealthy: () => boolean;
  /** Accepts or refuses new players. */
  admission: Pick<Admission, "blockedReason" | "delayMs">;
  /** Finds the address and checks the origin of a request, counts refusals, and knows why an upgrade fails. */
  filter: Pick<MonitorGuardSettings, "addresses" | "origins" | "onRefused"> & Parameters<typeof failedUpgrades>[0];
  /** Whether to serve the playground, where anyone can send any message. Must be false in production. */
  playground: boolean;
  /** The cluster that the process is part of, if there is one. */
  cluster?: ClusterState | undefined;
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
  app.use("/monitor", monitorGuard({ ...filter, user, password }), addSlash, endingAnswers, keepUncached);
  if (settings.cluster) app.use("/monitor", remoteMonitor(settings.cluster));
  app.use("/monitor", monitor());
  if (settings.playground) {
    app.use("/playground", addSlash);
    playgroundRoutes(app);
  }
  app.use(["/maps", "/maps.json"], compression());
  mapRoutes(app, settings.mapFolder);
  await settings.page(app);
  app.use(failedUpgrades(filter));
  app.use((_request, response) => sendError(response, "notFound"));
  app.use(answerError);
}

/**
 * Redirects to the same path with a slash at the end. The location is relative, because a proxy may have removed a
 * prefix from the path.
 */
function addSlash({ method, originalUrl }: Request, response: Response, next: NextFunction): void {
  const path = originalUrl.split("?", 1)[0]!;
  if (method === "GET" && /^\/\w+$/.test(path)) response.redirect(`${path.slice(1)}/${originalUrl.slice(path.length)}`);
  else next();
}

/**
 * Answers a request whose handler threw an error. Errors of the server are logged, and the client gets no details of
 * them.
 */
function answerError(error: unknown, request: Request, response: Response, _next: NextFunction): void {
  const { status = 500 } = error as { status?: number };
  if (status >= 500) logger.error({ err: error, path: request.path }, "request failed");
  if (response.headersSent) response.destroy();
  else sendError(response, status >= 500 ? "internalError" : "badRequest");
}

/**
 * Makes `response.write` always return true. After a result of false, the framework's router would wait for `drain` and
 * never end the answer. Writing without a pause costs no memory, because the whole answer is in memory anyway.
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
function blockedReasonOf({ admission, isStoreHealthy, cluster }: HttpSettings): string | undefined {
  if (admission.blockedReason === "stopping") return "draining: no new players";
  if (admission.blockedReason === "busy") return "busy: no new players";
  if (!isStoreHealthy())
    return "the store is unavailable: positions are queued, and players with a token may be refused";
  return cluster?.blockedReason;
}
