// The reference of the code is built without a warning: everything public has a docstring, and every link leads somewhere.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "@jest/globals";

const ROOT = new URL("../..", import.meta.url).pathname;
// Only a hang takes that long.
const PATIENCE_MS = 300_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sabang-reference-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Builds the reference elsewhere than `npm run docs` alone would. Gives what it printed, and its exit code. */
async function build(...options: string[]): Promise<{ code: number; printed: string }> {
  const { PATH, HOME } = process.env;
  const command = ["run", "docs", "--silent", "--", "--out", `${folder}/reference`, ...options];
  const run = promisify(execFile)("npm", command, { cwd: ROOT, env: { PATH, HOME, NO_COLOR: "1" } as never });
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, printed: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code, printed: stdout + stderr }),
  );
}

test(
  "`npm run docs` builds the reference of sim, schema, rooms, replay, bots and the app without a warning",
  async () => {
    const { code, printed } = await build();
    expect([code, printed]).toEqual([0, expect.not.stringMatching(/warning|error/i)]);
    const modules = [
      "sim_step",
      "schema_player",
      "rooms_world-room",
      "rooms_interest_grid",
      "replay_recorder",
      "bots_bot",
      "src_app",
    ];
    const missing = modules.filter((name) => !existsSync(`${folder}/reference/modules/${name}.html`));
    expect(missing).toEqual([]);
  },
  PATIENCE_MS,
);

test(
  "what has no docstring, and a link that leads nowhere, fail it",
  async () => {
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ include: ["bare.ts"] }));
    writeFileSync(
      `${folder}/bare.ts`,
      "export const bare = 1;\n/** See {@link nowhere}. */\nexport const linked = 2;\n",
    );
    const { code, printed } = await build(
      "--entryPoints",
      `${folder}/bare.ts`,
      "--tsconfig",
      `${folder}/tsconfig.json`,
    );
    expect(code).not.toBe(0);
    expect(printed).toMatch(/bare .*does not have any documentation/);
    expect(printed).toMatch(/Failed to resolve link to "nowhere"/);
  },
  PATIENCE_MS,
);
