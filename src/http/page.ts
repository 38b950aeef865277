// The demo page as `vite build` left it.
import { fileURLToPath } from "node:url";
import express, { type Application } from "express";

const DIST = fileURLToPath(new URL("../../dist", import.meta.url));

/** Serves the built page. Its assets have the hash of their content in their names, so a browser may keep them. */
export function builtPage(app: Application): void {
  app.use("/assets", express.static(`${DIST}/assets`, { immutable: true, maxAge: "1y" }));
  app.use(express.static(DIST));
}
