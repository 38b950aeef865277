// Starts the server and serves the page from its sources. The browser reloads the page when a source file changes.
import type { Application } from "express";
import { createServer } from "vite";
import { run } from "./run.ts";

await run(async (app: Application) => {
  const vite = await createServer({ server: { middlewareMode: true }, clearScreen: false });
  app.use(vite.middlewares);
});
