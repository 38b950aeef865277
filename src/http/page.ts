// Serves the demo page from the folder that `vite build` writes, compressed if the browser accepts compression.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import compression from "compression";
import type { Application, NextFunction, Request, Response } from "express";
import compressedStatic from "express-static-gzip";
import { allowCaching } from "./caching.ts";
import { sendError } from "./errors.ts";

const DIST = fileURLToPath(new URL("../../dist", import.meta.url));

/** Serves the built page. The names of its assets contain a hash of their content, so browsers may cache them. */
export function builtPage(app: Application): void {
  const serve = (folder: string, options = {}) =>
    compressedStatic(folder, {
      enableBrotli: true,
      orderPreference: ["br", "gzip"],
      serveStatic: { redirect: false, setHeaders: allowCaching, ...options },
    });
  app.use(refuseMalformedPaths);
  app.get(["/", "/index.html"], compression(), sendIndex);
  app.use("/assets", serve(`${DIST}/assets`, { immutable: true, maxAge: "1y" }));
  app.use(serve(DIST));
}

/** The attributes that name the page's preview picture, as `vite build` writes them into index.html. */
const PICTURE = 'property="og:image" content="./';

/**
 * Sends index.html with an absolute URL for its preview picture. Messengers that show a preview ignore relative URLs.
 */
function sendIndex(request: Request, response: Response): void {
  const html = readFileSync(`${DIST}/index.html`, "utf8");
  const { host = "" } = request.headers;
  // The request filter has checked the scheme. A host with a character outside this pattern could end the HTML
  // attribute.
  const site = /^[\w.:[\]-]+$/.test(host) ? `${request.get("X-Forwarded-Proto") ?? "http"}://${host}/` : "./";
  response
    .type("html")
    .set("Cache-Control", "public, max-age=0")
    .send(html.replace(PICTURE, `${PICTURE.slice(0, -2)}${site}`));
}

/**
 * Refuses a path that cannot be decoded. express-static-gzip would answer it with its own text instead of an error body
 * of this server.
 */
function refuseMalformedPaths({ path }: Request, response: Response, next: NextFunction): void {
  try {
    decodeURIComponent(path);
  } catch {
    sendError(response, "badRequest");
    return;
  }
  next();
}
