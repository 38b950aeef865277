// Starts the server and serves the page from its sources. The browser reloads the page when a source file changes.
import type { Application } from "express";
import { keepCompiledCode } from "./compile-cache.ts";

keepCompiledCode();
const [{ createServer }, { run }] = await Promise.all([import("vite"), import("./run.ts")]);
await run(async (app: Application) => {
  const vite = await createServer({ server: { middlewareMode: true }, clearScreen: false });
  app.use(vite.middlewares);
});
