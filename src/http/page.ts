// Serves the demo page that `vite build` built.
import { fileURLToPath } from "node:url";
import express, { type Application } from "express";

const DIST = fileURLToPath(new URL("../../dist", import.meta.url));

/** Serves the built page. The names of its assets contain a hash of their content, so browsers may cache them. */
export function builtPage(app: Application): void {
  app.use("/assets", express.static(`${DIST}/assets`, { immutable: true, maxAge: "1y" }));
  app.use(express.static(DIST));
}
