// Tests that docs/architecture.md, .dependency-cruiser.mjs and the code agree about which folder imports which, and
// that dependency-cruiser reports forbidden imports.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";

const ROOT = new URL("..", import.meta.url).pathname;
const CONFIG = ".dependency-cruiser.mjs";
const page = readFileSync(join(ROOT, "docs/architecture.md"), "utf8");

/** For each folder, the folders that it may import according to the configuration of dependency-cruiser. */
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

/** Files of bench whose imports need no arrow, because these files measure parts of the server in their own process. */
const EXEMPT = ["bench/store.ts", "bench/cluster/bodies-agent.ts"];

/**
 * Returns the name that .dependency-cruiser.mjs uses for the folder of a file; undefined if the folder has no name
 * there.
 */
function folderOf(path: string): string | undefined {
  const [first, second, third] = path.split("/");
  const folder = first === "src" && third !== undefined ? `src/${second}` : first!;
  return second !== undefined && FOLDERS.includes(folder) ? folder : undefined;
}

const arrows = new Map<string, string[]>();
for (const [, from, to] of page.matchAll(/^ {2}(\S+) --> (\S+)$/gm)) {
  arrows.set(from!, [...(arrows.get(from!) ?? []), to!]);
}

/** Returns all folders that can be reached from a folder along the arrows of the diagram. */
function reachableFrom(folder: string): string[] {
  const next = arrows.get(folder) ?? [];
  return [...new Set([...next, ...next.flatMap(reachableFrom)])];
}

test("the table in docs/architecture.md lists the same allowed imports as .dependency-cruiser.mjs", () => {
  const rows = [...page.matchAll(/^\| `([\w/]+)` \| .* \| (.*) \|$/gm)].map(([, folder, imports]) => [
    folder,
    [...imports!.matchAll(/`([\w/]+)`/g)].map(([, name]) => name),
  ]);
  expect(Object.fromEntries(rows)).toEqual(ALLOWED);
});

test("each arrow in docs/architecture.md is an import in the code, and each import follows the arrows", () => {
  const imports = new Set<string>();
  for (const { source, dependencies } of cruise(ROOT).modules) {
    for (const { resolved, coreModule } of dependencies) {
      const [from, to] = [folderOf(source), folderOf(resolved)];
      if (!from || !to || from === to || coreModule) continue;
      const isExempt = EXEMPT.includes(source) || (source === "bench/replay.ts" && to.startsWith("src"));
      if (!isExempt) imports.add(`${from} ${to}`);
    }
  }
  const drawn = [...arrows].flatMap(([from, all]) => all.map((to) => `${from} ${to}`));
  expect(drawn.filter((arrow) => !imports.has(arrow))).toEqual([]);
  const implied = FOLDERS.flatMap((from) => reachableFrom(from).map((to) => `${from} ${to}`));
  expect([...imports].filter((each) => !implied.includes(each))).toEqual([]);
  // The code must use each import that the configuration allows.
  const allowed = FOLDERS.flatMap((from) => ALLOWED[from]!.map((to) => `${from} ${to}`));
  expect(allowed.filter((each) => !imports.has(each)).sort()).toEqual([]);
});

test("dependency-cruiser reports forbidden imports in every folder, and circular imports", () => {
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

test("each step of the path of a `move` input in docs/architecture.md names a function in the linked file", () => {
  const steps = [...page.matchAll(/^\| \d \| \[([\w/.-]+)\]\(\.\.\/\1\) `(\w+)` \|/gm)];
  expect(steps).toHaveLength(8);
  for (const [, file, name] of steps) {
    const code = readFileSync(join(ROOT, file!), "utf8");
    expect([file, name, new RegExp(`\\b${name}(\\(|: \\()`).test(code)]).toEqual([file, name, true]);
  }
});
