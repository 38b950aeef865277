// What is measured, and what is attacked, is what people run.
import { readFileSync } from "node:fs";

/** The flags for Node that `npm start` gives. */
export function startFlags(): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const match = /exec node (.*)src\/main\.ts$/.exec(scripts.start);
  if (!match) throw new Error("package.json: the script `start` does not end in `exec node … src/main.ts`");
  return match[1]!.split(" ").filter(Boolean);
}
