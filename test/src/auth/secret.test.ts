import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { loadOrCreateSecret, SecretError } from "../../../src/auth/secret.ts";
import { COMPILE_CACHE } from "../../support/compile-cache.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sabang-secret-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("loadOrCreateSecret creates a secret that only the user can read, and later returns the same secret", () => {
  const dataDir = join(folder, "a", "b");
  const secret = loadOrCreateSecret(dataDir);
  expect(secret).toMatch(/^[\w-]{48}$/);
  expect(loadOrCreateSecret(dataDir)).toBe(secret);
  expect(readdirSync(dataDir)).toEqual(["jwt-secret"]);
  expect(statSync(join(dataDir, "jwt-secret")).mode & 0o777).toBe(0o600);
  expect(loadOrCreateSecret(join(folder, "c"))).not.toBe(secret);
});

test.each(["", "too short\n", `${"x".repeat(40)} y\n`])(
  "loadOrCreateSecret rejects a file without a valid secret, and leaves the file unchanged: %j",
  (text) => {
    const file = join(folder, "jwt-secret");
    writeFileSync(file, text);
    expect(() => loadOrCreateSecret(folder)).toThrow(SecretError);
    expect(() => loadOrCreateSecret(folder)).toThrow(/^DATA_DIR: .*jwt-secret does not contain a secret; restore it, /);
    expect(readFileSync(file, "utf8")).toBe(text);
  },
);

test("loadOrCreateSecret rejects a data folder that is a file", () => {
  writeFileSync(join(folder, "file"), "");
  expect(() => loadOrCreateSecret(join(folder, "file"))).toThrow(
    /^DATA_DIR: .* cannot be used: .*; let the user that runs the server write to the folder, or set JWT_SECRET$/,
  );
});

test("loadOrCreateSecret returns the same secret to processes that call it at the same time", async () => {
  const program = `
    import { existsSync } from "node:fs";
    import { loadOrCreateSecret } from ${JSON.stringify(new URL("../../../src/auth/secret.ts", import.meta.url).href)};
    console.log("ready");
    while (!existsSync(${JSON.stringify(join(folder, "go"))})) {}
    console.log(loadOrCreateSecret(${JSON.stringify(join(folder, "data"))}));
  `;
  const children = Array.from({ length: 3 }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", program], {
      env: { ...COMPILE_CACHE, PATH: process.env.PATH, NODE_NO_WARNINGS: "1" } as unknown as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  const printed = children.map(() => "");
  const ended = children.map((child) => once(child, "close"));
  const ready = children.map(
    (child, i) =>
      new Promise<void>((resolve) => {
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          printed[i] += text;
          if (printed[i]!.startsWith("ready\n")) resolve();
        });
      }),
  );
  await Promise.race([Promise.all(ready), ...ended]);
  writeFileSync(join(folder, "go"), "");
  await Promise.all(ended);
  const secret = readFileSync(join(folder, "data", "jwt-secret"), "utf8");
  expect(printed).toEqual(printed.map(() => `ready\n${secret}`));
  expect(readdirSync(join(folder, "data"))).toEqual(["jwt-secret"]);
});
