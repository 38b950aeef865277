// Tests that the documentation agrees with the code, and that its snippets work.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { ERRORS, FRAMEWORK_ERRORS } from "../schema/errors.ts";
import { type ExampleProcess, startExample } from "./support/example.ts";
import { startServer } from "./support/server.ts";
import { until } from "./support/until.ts";
import { joinWithSdk } from "./support/walkers.ts";

// The test kills the programs, and their seats stay held for this time.
const server = startServer({ reconnectionSeconds: 1 });
const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

test("docs/protocol.md lists exactly the errors of schema/errors.ts, with code, name and message", () => {
  const rows = [...read("docs/protocol.md").matchAll(/^\| (\d+) \| (\w+) \| (.*) \|$/gm)];
  const own = Object.entries(ERRORS).map(([name, { code, message }]) => [String(code), name, message]);
  expect(rows.slice(0, own.length).map(([, ...cells]) => cells)).toEqual(own);
  const framework = Object.entries(FRAMEWORK_ERRORS).map(([name, code]) => [String(code), name]);
  expect(rows.slice(own.length).map(([, code, name]) => [code, name])).toEqual(framework);
});

/** Runs a snippet of a page as a program that connects to this test's server. */
function runSnippet(page: string, containing: string): ExampleProcess {
  const blocks = [...read(page).matchAll(/```js\n([\s\S]*?)```/g)];
  const code = blocks.map(([, code]) => code!).find((code) => code.includes(containing));
  if (!code) throw new Error(`${page} has no js block that contains "${containing}"`);
  const program = code.replaceAll("localhost:2567", `127.0.0.1:${server.port}`);
  return startExample(process.execPath, "--input-type=module", "--eval", program);
}

const SDK = 'new Client("http://localhost:2567").joinOrCreate';
const SIGNED_IN = "signInAnonymously";
const PLAIN = "/websocket";

describe.each(["README.md", "README.ko.md"])("%s", (page) => {
  test("its SDK snippet joins and walks", async () => {
    const run = runSnippet(page, SDK);
    const [line] = await until(() => /^Ada \d+ \d+ among 1$/m.exec(run.stdout()));
    const witness = await joinWithSdk(server);
    await until(() => [...witness.state.players.values()].some(({ name, facing }) => name === "Ada" && facing === 1));
    expect([line, run.stderr()]).toEqual([expect.any(String), ""]);
  });

  test("its WebSocket snippet joins and walks", async () => {
    const run = runSnippet(page, PLAIN);
    const lines = await until(() => {
      const lines = run.stdout().trim().split("\n");
      return lines.length > 1 && lines.map((line) => JSON.parse(line));
    });
    const [welcome, first] = lines;
    expect(welcome).toMatchObject({ type: "welcome", step: 8, map: "plaza" });
    expect(first).toMatchObject({
      type: "players",
      players: { [welcome.id]: [expect.any(Number), expect.any(Number)] },
    });
    const room = await server.roomOf(welcome.id);
    await until(() => room.state.players.get(welcome.id)?.facing === 1);
  });
});

test.each(["docs/protocol.md", "README.ko.md"])(
  "the sign-in snippet of %s joins as a signed-in player",
  async (page) => {
    const run = runSnippet(page, SIGNED_IN);
    const witness = await joinWithSdk(server);
    await until(() => witness.state.players.size === 2);
    const room = await server.roomOf(witness.sessionId);
    const signedIn = [...room.clients].find(({ sessionId }) => sessionId !== witness.sessionId);
    expect(signedIn?.auth).toEqual({ id: expect.stringMatching(/^[\w-]{8,}$/) });
    expect(run.stderr()).toBe("");
  },
);

test("every command and snippet of README.ko.md is also on an English page, apart from comments", () => {
  const code = (page: string) =>
    [...read(page).matchAll(/```(sh|js)\n([\s\S]*?)```/g)].map(([, , code]) => code!.replace(/ *\/\/ .*$/gm, ""));
  const english = ["README.md", "docs/protocol.md"].flatMap(code);
  const missing = code("README.ko.md").filter((block) => !english.includes(block));
  expect(missing).toEqual([]);
});
