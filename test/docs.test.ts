// The documents are held to the code.
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { ERRORS } from "../rooms/errors.ts";
import { startServer } from "./support/server.ts";
import { until } from "./support/until.ts";

const server = await startServer();
const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

test("docs/protocol.md lists every error with its code and sentence, and no other", () => {
  const listed = read("docs/protocol.md").match(/^\| \d+ \|.*$/gm);
  const expected = Object.entries(ERRORS).map(([name, { code, sentence }]) => `| ${code} | ${name} | ${sentence} |`);
  expect(listed).toEqual(expected);
});

/** A snippet of the README as a program that talks to this test's server. */
function snippet(language: string, containing: string): string {
  const blocks = [...read("README.md").matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))];
  const code = blocks.map(([, code]) => code!).find((code) => code.includes(containing));
  if (!code) throw new Error(`README.md has no ${language} snippet with ${containing}`);
  return code.replaceAll("localhost:2567", `127.0.0.1:${server.port}`);
}

test("README's SDK snippet joins and walks", async () => {
  const { Client } = await import("@colyseus/sdk");
  const printed: unknown[][] = [];
  const code = snippet("js", 'new Client("http://localhost:2567").joinOrCreate').replace(/^import .*$/m, "");
  const run = new Function("Client", "console", `return (async () => {${code}; return room; })()`);
  const room = await run(Client, { log: (...values: unknown[]) => printed.push(values) });
  await until(() => room.state.players?.get(room.sessionId)?.facing === 1);
  expect(printed[0]).toEqual(["Ada", expect.any(Number), expect.any(Number), "among", 1]);
});

test("README's WebSocket snippet joins and walks", async () => {
  const printed: string[] = [];
  const run = new Function("console", `${snippet("js", "/websocket")}; return socket;`);
  const socket: WebSocket = run({ log: (line: string) => printed.push(line) });
  await until(() => printed.length >= 2);
  const welcome = JSON.parse(printed[0]!);
  expect(welcome).toMatchObject({ type: "welcome", step: 8, map: "plaza" });
  const room = await server.roomOf(welcome.id);
  await until(() => room.state.players.get(welcome.id)?.facing === 1);
  socket.close();
});
