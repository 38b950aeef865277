// The bench and the stress tests start the server with the same flags as `npm start`.
import { readFileSync } from "node:fs";

/**
 * Returns the Node flags of `npm start`.
 * @throws {Error} if the script does not have the expected form.
 */
export function startFlags(): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const match = /exec node (.*)src\/main\.ts$/.exec(scripts.start);
  if (!match) throw new Error("package.json: the script `start` must end in `exec node … src/main.ts`");
  return match[1]!.split(" ").filter(Boolean);
}
