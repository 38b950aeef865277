// Tests that the code reference builds without warnings: all exports have docstrings, and all links resolve.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "@jest/globals";

const ROOT = new URL("../..", import.meta.url).pathname;
// Only a build that hangs takes longer.
const TIMEOUT_MS = 300_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sabang-reference-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs `npm run docs` with a temporary output folder. Returns its output and its exit code. */
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
  "`npm run docs` builds the reference for sim, schema, rooms, replay, bots and the app without warnings",
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
  TIMEOUT_MS,
);

test(
  "`npm run docs` fails on an export without a docstring and on a broken link",
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
  TIMEOUT_MS,
);
