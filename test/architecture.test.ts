// docs/architecture.md draws which folder imports which, .dependency-cruiser.mjs allows it, and the code does it: all three
// agree, and what is not allowed is found.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";

const ROOT = new URL("..", import.meta.url).pathname;
const CONFIG = ".dependency-cruiser.mjs";
const page = readFileSync(join(ROOT, "docs/architecture.md"), "utf8");

/** The table of the configuration. */
const { ALLOWED }: { ALLOWED: Record<string, string[]> } = await import(join(ROOT, CONFIG));
const FOLDERS = Object.keys(ALLOWED);

interface Cruise {
  modules: { source: string; dependencies: { resolved: string; coreModule: boolean }[] }[];
  summary: { violations: { from: string; to: string; rule: { name: string } }[] };
}

function cruise(cwd: string, ...options: string[]): Cruise {
  const program = join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  const folders = [...new Set(FOLDERS.map((folder) => folder.split("/")[0]!))];
  const { stdout } = spawnSync(
    process.execPath,
    [program, "--config", CONFIG, "--output-type", "json", ...options, ...folders],
    { cwd, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
  );
  return JSON.parse(stdout);
}

/** The folder of a file as the table names it. */
function folderOf(path: string): string | undefined {
  const [first, second, third] = path.split("/");
  const folder = first === "src" && third !== undefined ? `src/${second}` : first!;
  return second !== undefined && FOLDERS.includes(folder) ? folder : undefined;
}

const arrows = new Map<string, string[]>();
for (const [, from, to] of page.matchAll(/^ {2}(\S+) --> (\S+)$/gm)) {
  arrows.set(from!, [...(arrows.get(from!) ?? []), to!]);
}

/** Every folder that can be reached from one by the arrows. */
function below(folder: string): string[] {
  const next = arrows.get(folder) ?? [];
  return [...new Set([...next, ...next.flatMap(below)])];
}

test("the table of docs/architecture.md is that of the configuration", () => {
  const rows = [...page.matchAll(/^\| `([\w/]+)` \| .* \| (.*) \|$/gm)].map(([, folder, imports]) => [
    folder,
    [...imports!.matchAll(/`([\w/]+)`/g)].map(([, name]) => name),
  ]);
  expect(Object.fromEntries(rows)).toEqual(ALLOWED);
});

test("each arrow of docs/architecture.md is an import that the code has, and each import of the code follows from the arrows", () => {
  const imports = new Set<string>();
  for (const { source, dependencies } of cruise(ROOT).modules) {
    for (const { resolved, coreModule } of dependencies) {
      const [from, to] = [folderOf(source), folderOf(resolved)];
      if (from && to && from !== to && !coreModule && !/^bench\/store\.ts$/.test(source)) imports.add(`${from} ${to}`);
    }
  }
  const drawn = [...arrows].flatMap(([from, all]) => all.map((to) => `${from} ${to}`));
  expect(drawn.filter((arrow) => !imports.has(arrow))).toEqual([]);
  const implied = FOLDERS.flatMap((from) => below(from).map((to) => `${from} ${to}`));
  expect([...imports].filter((each) => !implied.includes(each))).toEqual([]);
  // Each permission is used: what nobody needs is not allowed.
  const allowed = FOLDERS.flatMap((from) => ALLOWED[from]!.map((to) => `${from} ${to}`));
  expect(allowed.filter((each) => !imports.has(each)).sort()).toEqual([]);
});

test("an import that is not allowed is found in every folder, and so is a circle", () => {
  const project = mkdtempSync(join(tmpdir(), "sabang-architecture-"));
  try {
    for (const file of [CONFIG, "tsconfig.json", "package.json"]) cpSync(join(ROOT, file), join(project, file));
    symlinkSync(join(ROOT, "node_modules"), join(project, "node_modules"));
    const write = (path: string, text: string) => {
      mkdirSync(join(project, dirname(path)), { recursive: true });
      writeFileSync(join(project, path), text);
    };
    const others = (folder: string) => FOLDERS.filter((other) => other !== folder);
    for (const folder of FOLDERS) {
      write(`${folder}/target.ts`, "export const target = 1;\n");
      const up = "../".repeat(folder.split("/").length);
      write(
        `${folder}/importer.ts`,
        others(folder)
          .map((other, index) => `import { target as t${index} } from "${up}${other}/target.ts";\nt${index};\n`)
          .join(""),
      );
    }
    write("sim/one.ts", 'import type { B } from "./two.ts";\nexport type A = B | 1;\n');
    write("sim/two.ts", 'import type { A } from "./one.ts";\nexport type B = A | 2;\n');
    write("rooms/files.ts", 'import { readFileSync } from "node:fs";\nreadFileSync;\n');
    write("web/node.ts", 'import { join } from "node:path";\nimport { Room } from "colyseus";\njoin;\nRoom;\n');
    const { violations } = cruise(project).summary;
    const found = new Set(violations.map(({ from, to }) => `${from} ${folderOf(to) ?? to}`));
    for (const folder of FOLDERS) {
      const refused = others(folder).filter((other) => found.has(`${folder}/importer.ts ${other}`));
      expect([folder, refused]).toEqual([folder, others(folder).filter((other) => !ALLOWED[folder]!.includes(other))]);
    }
    const rules = violations.map(({ from, rule }) => `${from}: ${rule.name}`);
    expect(rules).toEqual(
      expect.arrayContaining([
        "sim/one.ts: no circle, types included",
        "rooms/files.ts: rooms reads no files",
        "web/node.ts: a page has no Node",
        "web/node.ts: the framework's server reaches neither a page nor a client",
      ]),
    );
  } finally {
    rmSync(project, { recursive: true });
  }
});

test("each step of the walk of one `move` is a function of the file that it names", () => {
  const steps = [...page.matchAll(/^\| \d \| \[([\w/.-]+)\]\(\.\.\/\1\) `(\w+)` \|/gm)];
  expect(steps).toHaveLength(8);
  for (const [, file, name] of steps) {
    const code = readFileSync(join(ROOT, file!), "utf8");
    expect([file, name, new RegExp(`\\b${name}(\\(|: \\()`).test(code)]).toEqual([file, name, true]);
  }
});
