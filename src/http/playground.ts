// Serves the framework's playground, where a developer joins rooms and sends messages. It is never served in
// production.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { playground } from "colyseus";
import type { Application, NextFunction, Request, Response } from "express";

const PATH = "/playground/";

/** The folder of the playground's page. */
const FOLDER = dirname(createRequire(import.meta.url).resolve("@colyseus/playground"));

/**
 * A script that gives the playground its own player token. Without this script, the SDK would use the token of the demo
 * page, because both pages share one browser storage. A join from the playground would then take over the player of the
 * demo page.
 */
const GUEST_SCRIPT = `for (const name of ["getItem", "setItem", "removeItem"]) {
  const original = Storage.prototype[name];
  Storage.prototype[name] = function (key, ...values) {
    return original.call(this, key === "colyseus-auth-token" ? "playground-auth-token" : key, ...values);
  };
}
`;

/** The playground's editors start workers from blobs, and these workers load their scripts from data URLs. */
const LOOSER_POLICY = "worker-src 'self' blob:; script-src 'self' blob: data:";

/** Adds the playground at `/playground/`. The caller redirects requests without the slash at the end. */
export function playgroundRoutes(app: Application): void {
  const page = readFileSync(join(FOLDER, "index.html"), "utf8").replace(
    "<head>",
    '<head><script src="./guest.js"></script>',
  );
  app.use("/playground", loosenPolicy);
  app.get(`${PATH}guest.js`, (_request, response) => {
    response.type("js").send(GUEST_SCRIPT);
  });
  app.get(PATH, (_request, response) => {
    response.type("html").send(page);
  });
  app.use("/playground", playground());
}

/** Loosens the security headers of the playground's own answers. */
function loosenPolicy(_request: Request, response: Response, next: NextFunction): void {
  const policy = response.getHeader("Content-Security-Policy");
  response.setHeader("Content-Security-Policy", `${policy};${LOOSER_POLICY}`);
  next();
}
