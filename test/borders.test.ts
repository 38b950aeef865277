// What each folder may import: the table, and that the linter holds to it, however deep the importing file lies.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";

const ROOT = new URL("..", import.meta.url).pathname;

const ALLOWED: Record<string, string[]> = {
  sim: [],
  schema: ["sim"],
  replay: ["sim"],
  rooms: ["replay", "schema", "sim"],
  src: ["replay", "rooms", "schema", "sim"],
  web: ["replay", "schema", "sim"],
  bots: ["schema", "sim"],
  bench: ["replay", "schema", "sim"],
  examples: ["schema", "sim"],
};

const FOLDERS = [...Object.keys(ALLOWED), "test"];
const othersOf = (path: string) => FOLDERS.filter((folder) => !path.startsWith(`${folder}/`)).sort();

const project = mkdtempSync(join(tmpdir(), "sabang-borders-"));
afterAll(() => rmSync(project, { recursive: true }));

/** For each of the paths, which folders the linter refuses to a file there. */
function refusedTo(paths: string[]): Map<string, string[]> {
  for (const file of ["biome.json", ".gitignore"]) cpSync(join(ROOT, file), join(project, file));
  symlinkSync(join(ROOT, "node_modules"), join(project, "node_modules"));
  for (const path of paths) {
    const up = "../".repeat(path.split("/").length - 1);
    mkdirSync(join(project, dirname(path)), { recursive: true });
    writeFileSync(
      join(project, path),
      othersOf(path)
        .map((folder) => `import "${up}${folder}/file.ts";\n`)
        .join(""),
    );
  }
  const words = ["lint", "--reporter=json", "--max-diagnostics=none", "."];
  const biome = join(ROOT, "node_modules/@biomejs/biome/bin/biome");
  const { stdout } = spawnSync(process.execPath, [biome, ...words], { cwd: project, encoding: "utf8" });
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { category: string; location: { path: string; start: { line: number } } }[];
  };
  const refused = new Map(paths.map((path) => [path, [] as string[]]));
  for (const { category, location } of diagnostics) {
    if (category !== "lint/style/noRestrictedImports") continue;
    refused.get(location.path)!.push(othersOf(location.path)[location.start.line - 1]!);
  }
  return refused;
}

test("a folder imports those that it may, and the linter refuses it all others", () => {
  // Examples are a folder each.
  const paths = Object.keys(ALLOWED).flatMap((folder) => [
    ...(folder === "examples" ? [] : [`${folder}/file.ts`]),
    `${folder}/deeper/file.ts`,
  ]);
  const allowed = [...refusedTo(paths)].map(([path, refused]) => [
    path,
    othersOf(path).filter((folder) => !refused.includes(folder)),
  ]);
  expect(allowed).toEqual(paths.map((path) => [path, ALLOWED[path.split("/")[0]!]]));
});

test("the table in CONTRIBUTING.md lists each of these folders with what it may import", () => {
  const rows = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8").matchAll(/^\| `(\w+)\/` \| .* \| (.*) \|$/gm);
  const listed = [...rows].map(([, folder, imports]) => [
    folder,
    [...imports!.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  ]);
  expect(Object.fromEntries(listed)).toEqual(ALLOWED);
});
