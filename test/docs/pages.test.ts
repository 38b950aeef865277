// Tests the documentation: its links work, and the front page agrees with the pages that it summarises.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";

const ROOT = new URL("../../", import.meta.url).pathname;
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const markdownIn = (folder: string) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));

const PAGES = [...["", "docs"].flatMap(markdownIn), "examples/README.md", "maps/README.md", "web/README.md"];

/** Returns the anchors that GitHub generates for the headings of a page. */
function anchorsOf(page: string): string[] {
  const headings = read(page)
    .replaceAll(/^ *```[\s\S]*?^ *```/gm, "")
    .matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe.each(PAGES)("%s", (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link]) => link!);

  test("links only to files and headings that exist", () => {
    const broken = links.filter((link) => {
      const [path, anchor] = link.split("#");
      const target = path ? join(dirname(page), path) : page;
      return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  test("embeds no image from another site", () => {
    expect(read(page)).not.toMatch(/!\[[^\]]*\]\(https?:|<img[^>]+src=["']https?:/);
  });
});

describe("README.md", () => {
  const page = read("README.md");

  test("has at most 140 lines", () => {
    expect(page.trimEnd().split("\n").length).toBeLessThanOrEqual(140);
  });

  test("links to every page in docs/, and to CONTRIBUTING.md and SECURITY.md", () => {
    const required = [...markdownIn("docs"), "CONTRIBUTING.md", "SECURITY.md", "README.ko.md"];
    expect(required.filter((path) => !page.includes(`](${path}`))).toEqual([]);
  });

  test("has badges with the licence and the Node version of package.json", () => {
    const { license, engines } = JSON.parse(read("package.json"));
    const titleOf = (badge: string) => /<title>(.*)<\/title>/.exec(read(`docs/images/badge-${badge}.svg`))![1];
    expect(titleOf("licence")).toBe(`licence: ${license}`);
    expect(titleOf("node")).toBe(`node: ${engines.node.replace(">=", "≥ ")}`);
    expect(read("LICENSE")).toContain(`${license} License`);
  });

  test("states the same benchmark figures as docs/performance.md", () => {
    const rows = [...read("docs/performance.md").matchAll(/^\| ([\w-]+) \| 1500 \| (.*) \|$/gm)];
    const columns = ["cpuPerSecond", "cpu", "traffic", "frames", "p50", "p99", "memory", "busy"] as const;
    const figuresOf = (server: string) => {
      const cells = rows.find(([, name]) => name === server)![2]!.split(" | ");
      return Object.fromEntries(columns.map((column, i) => [column, cells[i]!])) as Record<
        (typeof columns)[number],
        string
      >;
    };
    const [sabang, ws, room, view] = (["sabang", "ws-binary", "tutorial", "state-view"] as const).map(figuresOf);
    const ratio = (Number(sabang!.cpu) / Number(ws!.cpu)).toFixed(2);
    expect(page).toContain(`CPU per update and client: ${sabang!.cpu} µs, ${ratio} to `);
    expect(page).toContain(`${sabang!.traffic} kB/s per client`);
    expect(page).toContain(`needs ${room!.traffic} kB/s`);
    expect(page).toContain(`The core is ${sabang!.busy} % busy.`);
    expect(page).toContain(`${sabang!.p50} ms at the median, ${sabang!.p99} ms at p99.`);
    expect(page).toContain(
      `| ${sabang!.cpu} µs | ${ws!.cpu} µs | ${room!.cpu} µs; \`StateView\` ${view!.cpu} µs, overloaded | not measured | not measured |`,
    );
  });
});
