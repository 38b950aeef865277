// Tests that the documentation agrees with the code, and that its snippets work.
import { readFileSync } from "node:fs";
import type { Room } from "@colyseus/sdk";
import { describe, expect, test } from "@jest/globals";
import { ERRORS, FRAMEWORK_ERRORS } from "../schema/errors.ts";
import { type ExampleProcess, startExample } from "./support/example.ts";
import { startServer } from "./support/server.ts";
import { until } from "./support/until.ts";
import { joinWithSdk } from "./support/walkers.ts";

// Tests kill the snippets' programs, and other tests count players. So the server must not hold the seats of lost
// connections for long.
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

const SDK = 'play("http://localhost:2567"';
const PLAIN = "/websocket";

describe.each(["README.md", "README.ko.md"])("the snippets of %s", (page) => {
  test("the SDK snippet signs in, joins the world and walks to the left", async () => {
    const run = runSnippet(page, SDK);
    const [line] = await until(() => /^Ada \d+ \d+ among 1$/m.exec(run.stdout()));
    const witness = await joinWithSdk(server);
    await until(() => [...witness.state.players.values()].some(({ name, facing }) => name === "Ada" && facing === 1));
    await isSignedIn(witness);
    expect([line, run.stderr()]).toEqual([expect.any(String), ""]);
  });

  test("the WebSocket snippet joins the world and walks to the left", async () => {
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

test("the sign-in snippet of docs/protocol.md joins as a signed-in player, and ends when another client takes over", async () => {
  const run = runSnippet("docs/protocol.md", SDK);
  const witness = await joinWithSdk(server);
  await until(() => witness.state.players.size === 2);
  const client = await isSignedIn(witness);
  client.leave(ERRORS.takenOver.code);
  expect(await run.ended).toBe(0);
  expect([run.stdout(), run.stderr()]).toEqual([`joined as ${client.sessionId}\nleft with 4312\n`, ""]);
});

/** Expects the other player in the witness's room to be signed in. @returns that player's client on the server. */
async function isSignedIn(witness: Room) {
  const room = await server.roomOf(witness.sessionId);
  const other = [...room.clients].find(({ sessionId }) => sessionId !== witness.sessionId)!;
  expect(other.auth).toEqual({ id: expect.stringMatching(/^[\w-]{8,}$/) });
  return other;
}

test("every command and snippet of README.ko.md is the same as on an English page, except for comments", () => {
  const code = (page: string) =>
    [...read(page).matchAll(/```(sh|js)\n([\s\S]*?)```/g)].map(([, , code]) => code!.replace(/ *\/\/ .*$/gm, ""));
  const english = ["README.md", "docs/protocol.md"].flatMap(code);
  const missing = code("README.ko.md").filter((block) => !english.includes(block));
  expect(missing).toEqual([]);
});
