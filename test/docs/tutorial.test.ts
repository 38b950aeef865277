// Tests the code in README.ko.md: the tutorial's server runs and has the weaknesses that the page names, and the
// TypeScript excerpts match rooms/world-room.ts.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { startExample, testWithPython } from "../support/example.ts";
import { freePort } from "../support/free-port.ts";
import { until } from "../support/until.ts";

const page = readFileSync(new URL("../../README.ko.md", import.meta.url), "utf8");
const [, code] = /```python\n([\s\S]*?)```/.exec(page)!;

testWithPython(
  "tornado",
  "the tutorial's server in README.ko.md accepts any number of moves, and closes the connection on an unknown word",
  async (python) => {
    const port = await freePort();
    const server = startExample("env", `PORT=${port}`, python, "-c", code!);
    const connect = async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/websocket`);
      const positions: [number, number][][] = [];
      socket.on("message", (text) => positions.push(JSON.parse(String(text))));
      await once(socket, "open");
      return { socket, positions };
    };
    const first = await until(() => connect().catch(() => undefined));
    const second = await connect();
    for (let i = 0; i < 100; i++) first.socket.send("우");
    await until(() => second.positions.length === 100);
    expect(second.positions.at(-1)).toEqual([
      [1200, 300],
      [400, 300],
    ]);
    first.socket.send("north");
    await once(first.socket, "close");
    second.socket.send("하");
    await until(() => second.positions.length === 101);
    expect(second.positions.at(-1)).toEqual([[400, 308]]);
    expect(server.stderr()).toContain("KeyError: 'north'");
    second.socket.close();
  },
);

test("the TypeScript excerpts of README.ko.md are in rooms/world-room.ts", () => {
  const room = readFileSync(new URL("../../rooms/world-room.ts", import.meta.url), "utf8");
  const withoutIndent = (code: string) => code.replace(/^ +/gm, "");
  const excerpts = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  expect(excerpts).toHaveLength(2);
  for (const code of excerpts) expect(withoutIndent(room)).toContain(withoutIndent(code));
});
