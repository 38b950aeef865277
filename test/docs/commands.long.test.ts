// Tests that .ci/run or a test runs every command in the documentation. The tests in this file run the commands that no
// other test runs. Not every machine has Docker, so the tests only compare the Docker commands with the Dockerfile.
// With CI_IMAGE=1, .ci/run calls .ci/image, which builds and runs the image.
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "@jest/globals";
import { readConfig } from "../../src/config.ts";
import { COMPILE_CACHE } from "../support/compile-cache.ts";
import { freePort } from "../support/free-port.ts";
import { dataFolder } from "../support/process.ts";
import { testWith } from "../support/requiring.ts";
import { until } from "../support/until.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const read = (path: string) => readFileSync(`${ROOT}${path}`, "utf8");
const CI = ".ci/run";
const HERE = "test/docs/commands.long.test.ts";
const PAGES = ["README.md", "README.ko.md", "CONTRIBUTING.md", "docs/configuration.md", "examples/README.md"];

/** For each documented command, the file that runs the command, and the text in that file that runs it. */
const RUN_BY: Record<string, [file: string, words: string]> = {
  "npm ci": [CI, "\nnpm ci\n"],
  "npm test": [CI, "\nnpm test\n"],
  "npm run check": [CI, "\nnpm run check\n"],
  "npm run docs": ["test/docs/reference.long.test.ts", '"run", "docs"'],
  ".ci/run": [".github/workflows/ci.yml", '- run: sudo env "PATH=$PATH" .ci/run'],
  "npm test -- test/sim/step.test.ts": [HERE, 'output("npm test -- test/sim/step.test.ts"'],
  "npm run test:long": [HERE, 'output("npm run test:long -- --listTests"'],
  "npm run format": [HERE, 'output("npm run format"'],
  "npx node FILE": [HERE, 'output("npx node FILE"'],
  "npm start": [HERE, 'await runs("npm start")'],
  "PORT=3000 LOG_LEVEL=warn npm start": [HERE, 'runs("PORT=3000 LOG_LEVEL=warn npm start"'],
  "npm run cluster -- 3": [HERE, 'runs("npm run cluster -- 3'],
  "npm run dev": [HERE, 'await runs("npm run dev")'],
  "docker build -t sabang .": [HERE, 'argumentsOf("docker build")'],
  "docker run -p 2567:2567 -v sabang:/data -e MONITOR_PASSWORD='twelve or more characters' -e JWT_SECRET=\"$(cat jwt-secret)\" sabang":
    [HERE, 'argumentsOf("docker run")'],
  "openssl rand -base64 36 > jwt-secret": [HERE, 'commandWith("openssl")'],
  // `helpOf` runs these programs only with --help. test/e2e/bots.long.test.ts and test/e2e/replay.long.test.ts run them
  // without npm, with a server and with recordings.
  "npm run bots -- 50": [HERE, 'helpOf("npm run bots")'],
  "npm run replay -- FILE": [HERE, 'helpOf("npm run replay")'],
  // `helpOf` runs these programs only with --help. Other tests run the programs without npm, or run parts of them.
  "npm run map -- FILE": [HERE, 'helpOf("npm run map")'],
  "npm run bench:walls -- FOLDER": [HERE, 'helpOf("npm run bench:walls")'],
  "npm run maps:make": ["test/mapmaker/make.test.ts", '"mapmaker/make.ts"'],
  // `helpOf` runs these programs only with --help, because a complete run takes minutes. Other tests run their parts.
  "npm run bench": [HERE, 'helpOf("npm run bench")'],
  "npm run fuzz": [HERE, 'helpOf("npm run fuzz")'],
  "npm run fuzz:maps": ["test/tiled/fuzz.test.ts", "trial("],
  "npm run siege": [HERE, 'helpOf("npm run siege")'],
  "npm run soak": [HERE, 'helpOf("npm run soak")'],
  "python3 examples/python/walk.py ws://localhost:2567 Monty": ["test/examples/python.test.ts", "walk.py"],
  "python3 examples/python/room_client.py http://localhost:2567 Monty left left up": [
    "test/examples/python.test.ts",
    "room_client.py",
  ],
  "npx node examples/node/walk.ts http://localhost:2567": ["test/examples/node.long.test.ts", "walk.ts"],
  // CI installs the same library from Debian, so that a new version on PyPI cannot break CI.
  "pip install -r examples/python/requirements.txt": [CI, "python3-websockets"],
};

/**
 * Returns the distinct commands of a page: the lines of its `sh` blocks, and inline npm, npx, node and docker commands.
 */
function commandsOf(page: string): string[] {
  const text = read(page);
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) =>
    block!
      .replaceAll(/\s*\\\n\s*/g, " ")
      .replaceAll(/\s+#.*$/gm, "")
      .split("\n"),
  );
  const inline = [...text.replaceAll(/```[\s\S]*?```/g, "").matchAll(/`((?:npm|npx|node|docker) [^`]+)`/g)];
  const commands = [...blocks, ...inline.map(([, command]) => command!)].flatMap((line) => line.split(" && "));
  return [...new Set(commands.map((command) => command.trim()).filter((command) => command !== ""))];
}

describe.each(PAGES)("%s", (page) => {
  test.each(commandsOf(page))("CI or a test runs the documented command `%s`", (command) => {
    const [file, words] = RUN_BY[command] ?? [];
    if (!file) throw new Error(`no test runs \`${command}\`; run it in a test and add it to the table in ${HERE}`);
    expect(existsSync(`${ROOT}${file}`)).toBe(true);
    // In this file, the search begins after the table. The table contains the text too, but does not run the command.
    const text = read(file);
    expect(text.slice(file === HERE ? text.indexOf("\n};\n") : 0)).toContain(words);
  });
});

test("every command in the table of this test file is documented on a page", () => {
  const documented = PAGES.flatMap(commandsOf);
  expect(Object.keys(RUN_BY).filter((command) => !documented.includes(command))).toEqual([]);
});

const started = new Set<ChildProcess>();
afterEach(() => {
  for (const child of started) {
    try {
      // Kills the command and all processes that it started.
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // The command has already ended.
    }
  }
  started.clear();
});

/** Starts a command, fetches the page when the server listens, and stops the command as Ctrl-C does. */
async function runs(command: string): Promise<{ page: string; code: number | null; url: string; printed: string }> {
  const child = spawn("sh", ["-c", `exec env ${command}`], {
    cwd: ROOT,
    detached: true,
    env: {
      ...COMPILE_CACHE,
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      // Redis may need libraries that are not in the folders of the system.
      ...(process.env.LD_LIBRARY_PATH && { LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH }),
      HOST: "127.0.0.1",
      PORT: "0",
      DATA_DIR: dataFolder(),
    },
    stdio: ["ignore", "pipe", "pipe"],
  } as never) as ChildProcess;
  started.add(child);
  const ended = once(child, "exit");
  let printed = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
  }
  const [, url] = await until(() => {
    if (child.exitCode !== null) throw new Error(`${command} ended before it listened:\n${printed}`);
    return /(http:\/\/localhost:\d+)\/\n/.exec(printed);
  }, 50_000);
  const page = await (await fetch(url!.replace("localhost", "127.0.0.1"), { headers: { connection: "close" } })).text();
  process.kill(-child.pid!, "SIGINT");
  const [code] = await ended;
  return { page, code, url: url!, printed };
}

test("`npm start` serves the built page and stops on Ctrl-C", async () => {
  const { page, code } = await runs("npm start");
  expect(page).toContain('<script type="module" crossorigin src="./assets/');
  expect(code).toBe(0);
});

testWith("redis")(
  "`npm run cluster -- 3` starts a cluster that serves the page, and stops on Ctrl-C",
  async () => {
    const { page, code, printed } = await runs("npm run cluster -- 3 --port 0");
    expect(page).toContain('<script type="module" crossorigin src="./assets/');
    expect(printed).toMatch(/^process \d is the authority$/m);
    expect(printed).toContain("stopping: each process hands over to the next one\n");
    expect(code).toBe(0);
  },
  120_000,
);

test("`npm start` uses the variables PORT and LOG_LEVEL from its environment", async () => {
  const port = String(await freePort());
  const { url, printed } = await runs("PORT=3000 LOG_LEVEL=warn npm start".replace("3000", port));
  expect(url).toBe(`http://localhost:${port}`);
  expect(printed).not.toMatch(/INFO/);
});

test("`npm run dev` serves the page from its source, with Vite", async () => {
  const { page } = await runs("npm run dev");
  expect(page).toContain("/@vite/client");
  expect(page).toContain('src="./main.ts"');
});

/** Returns the help text of an npm command. */
const helpOf = async (command: string) =>
  (await promisify(execFile)("sh", ["-c", `exec ${command} -- --help`], { cwd: ROOT })).stdout;

test("each npm command that takes arguments prints its usage if --help is given", async () => {
  expect(await helpOf("npm run bots")).toContain("Usage: npm run bots -- [options] [number]");
  expect(await helpOf("npm run replay")).toContain("Usage: npm run replay -- [options] <file>");
  expect(await helpOf("npm run map")).toContain("Usage: npm run map -- [options] <path>");
  expect(await helpOf("npm run bench:walls")).toContain("Usage: npm run bench:walls -- [options] <folder>");
  expect(await helpOf("npm run bench")).toContain("Usage: npm run bench -- [options]");
  expect(await helpOf("npm run fuzz")).toContain("Usage: npm run fuzz -- [options]");
  expect(await helpOf("npm run siege")).toContain("Usage: npm run siege -- [options]");
  expect(await helpOf("npm run soak")).toContain("Usage: npm run soak -- [options]");
});

/** Runs a shell command in a folder. Returns its output. */
const output = async (command: string, cwd = ROOT) => {
  const { PATH, HOME } = process.env;
  const { stdout, stderr } = await promisify(execFile)("sh", ["-c", command], { cwd, env: { PATH, HOME } as never });
  return stdout + stderr;
};

test("`npm test -- FILE` runs only that test file", async () => {
  expect(await output("npm test -- test/sim/step.test.ts")).toMatch(/^Test Suites: 1 passed, 1 total$/m);
});

test("`npm run test:long` includes the files named *.long.test.ts", async () => {
  expect(await output("npm run test:long -- --listTests")).toMatch(/\.long\.test\.ts$/m);
});

test("`npx node` runs the version of Node that is installed in node_modules", async () => {
  const file = `${dataFolder()}/version.mjs`;
  writeFileSync(file, "console.log(process.version);");
  const { version } = JSON.parse(read("node_modules/node/package.json"));
  expect(await output("npx node FILE".replace("FILE", file))).toBe(`v${version}\n`);
});

test("`npm run format` formats a file", async () => {
  const project = dataFolder();
  for (const name of ["package.json", "biome.json", ".gitignore"]) cpSync(`${ROOT}${name}`, `${project}/${name}`);
  symlinkSync(`${ROOT}node_modules`, `${project}/node_modules`);
  writeFileSync(`${project}/file.ts`, "export const  one=1");
  await output("npm run format", project);
  expect(readFileSync(`${project}/file.ts`, "utf8")).toBe("export const one = 1;\n");
});

describe("the Docker commands of README.md", () => {
  const commandWith = (prefix: string) => commandsOf("README.md").find((command) => command.startsWith(prefix))!;
  const folder = mkdtempSync(join(tmpdir(), "sabang-docker-"));
  execFileSync("bash", ["-c", commandWith("openssl")], { cwd: folder });

  /** Returns the arguments that bash passes to `docker` for the command with this prefix. */
  function argumentsOf(prefix: string): string[] {
    const script = `docker() { printf '%s\\0' "$@"; }; ${commandWith(prefix)}`;
    return execFileSync("bash", ["-c", script], { cwd: folder, encoding: "utf8" }).split("\0").slice(0, -1);
  }
  const dockerfile = read("Dockerfile");
  const build = argumentsOf("docker build");
  const run = argumentsOf("docker run");
  rmSync(folder, { recursive: true });
  const valuesOf = (flag: string) => run.filter((_, at) => run[at - 1] === flag);

  test("build an image from the Dockerfile in the current folder, and run this image", () => {
    expect(build).toEqual(["build", "-t", run.at(-1), "."]);
  });

  test("publish the port and mount the volume that the Dockerfile declares", () => {
    const [, port] = /^EXPOSE (\d+)$/m.exec(dockerfile)!;
    const [, volume] = /^VOLUME (\S+)$/m.exec(dockerfile)!;
    expect(valuesOf("-p")).toEqual([`${port}:${port}`]);
    expect(valuesOf("-v").map((mount) => mount.split(":")[1])).toEqual([volume]);
  });

  test("set all variables that the server requires in production", () => {
    const given = Object.fromEntries(valuesOf("-e").map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
    expect(() => readConfig({ NODE_ENV: "production", ...given })).not.toThrow();
  });
});
