// Serves the maps to clients: the solid ground, the spawns and the objects of each map, and how to draw the map.
import express, { type Application, type RequestHandler, type Response } from "express";
import type { MapFolder } from "../maps/load-maps.ts";
import { allowCaching } from "./caching.ts";
import { sendError } from "./errors.ts";

/**
 * Adds the routes of the maps. `/maps.json` lists the names of the maps. `/maps/NAME.json` describes a map.
 * `/maps/drawings/NAME.json` says how to draw the map. The files that are needed to draw maps are below `/maps/files/`.
 */
export function mapRoutes(app: Application, { folder, maps, drawings, files }: MapFolder): void {
  const descriptions = new Map([...maps].map(([name, { description }]) => [name, description]));
  const names = JSON.stringify([...maps.keys()].sort());
  app.get("/maps.json", (_request, response) => sendJson(response, names));
  app.get("/maps/:file", serveJson(descriptions));
  app.get("/maps/drawings/:file", serveJson(drawings));

  const setHeaders = (response: Response, file: string) => {
    allowCaching(response);
    allowSharing(response);
    // Express does not know the extensions of Tiled's files. Without a type, the answers with these files would not be
    // compressed.
    if (/\.t[msj]j$/.test(file)) response.type("json");
    else if (/\.t[msx]x$/.test(file)) response.type("xml");
  };
  const serve = express.static(folder, { setHeaders, redirect: false });
  // Also serves the files directly below `/maps/`, because clients of earlier versions load them from there.
  app.use(["/maps/files", "/maps"], (request, response, next) => {
    if (files.has(decoded(request.path).slice(1))) serve(request, response, next);
    else next();
  });
  // Refuses all other paths. Without this route, the development server would answer them with the page.
  app.use("/maps", (_request, response) => sendError(response, "notFound"));
}

/** Returns a handler that serves data by name, as `NAME.json`. */
function serveJson(data: ReadonlyMap<string, object>): RequestHandler<{ file: string }> {
  const texts = new Map([...data].map(([name, content]) => [`${name}.json`, JSON.stringify(content)]));
  return ({ params }, response, next) => {
    const text = texts.get(params.file);
    if (text === undefined) next();
    else sendJson(response, text);
  };
}

function sendJson(response: Response, text: string): void {
  allowSharing(response);
  response.set("Cache-Control", "no-cache").type("json").send(text);
}

/** Lets pages of other sites load an answer. */
function allowSharing(response: Response): void {
  response.set("Cross-Origin-Resource-Policy", "cross-origin");
}

/** Returns a path without percent-encoding; the path itself if its encoding is invalid. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
