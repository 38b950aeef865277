// Serves `/metrics` to Prometheus.
import { getBearerToken } from "colyseus";
import type { Application } from "express";
import { isSameSecret } from "../auth/same-secret.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { sendError } from "./errors.ts";

/** Adds `/metrics`. @param token the bearer token that a request needs; undefined if anyone may read the metrics. */
export function metricsRoute(app: Application, metrics: Metrics, token: string | undefined): void {
  app.get("/metrics", async (request, response) => {
    if (token !== undefined && !isSameSecret(getBearerToken(request.headers.authorization ?? "") ?? "", token)) {
      response.set("WWW-Authenticate", 'Bearer realm="sabang metrics"');
      return sendError(response, "metricsTokenInvalid");
    }
    const text = await metrics.text();
    response.set("Content-Type", metrics.contentType).send(text);
  });
}
