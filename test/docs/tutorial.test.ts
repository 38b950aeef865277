// README.ko.md's picture of the tutorial's server is a program that runs, and has the weaknesses that the page says; what it
// shows of this server is what is there.
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
  "moves players by the four words, as fast as they come, and drops who says another",
  async (python) => {
    const port = await freePort();
    const server = startExample("env", `PORT=${port}`, python, "-c", code!);
    const connect = async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/websocket`);
      const places: [number, number][][] = [];
      socket.on("message", (text) => places.push(JSON.parse(String(text))));
      await once(socket, "open");
      return { socket, places };
    };
    const first = await until(() => connect().catch(() => undefined));
    const second = await connect();
    for (let i = 0; i < 100; i++) first.socket.send("우");
    await until(() => second.places.length === 100);
    expect(second.places.at(-1)).toEqual([
      [1200, 300],
      [400, 300],
    ]);
    first.socket.send("north");
    await once(first.socket, "close");
    second.socket.send("하");
    await until(() => second.places.length === 101);
    expect(second.places.at(-1)).toEqual([[400, 308]]);
    expect(server.stderr()).toContain("KeyError: 'north'");
    second.socket.close();
  },
);

test("the code of this server that it shows stands so in rooms/world-room.ts", () => {
  const room = readFileSync(new URL("../../rooms/world-room.ts", import.meta.url), "utf8");
  const bare = (code: string) => code.replace(/^ +/gm, "");
  const shown = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  expect(shown).toHaveLength(2);
  for (const code of shown) expect(bare(room)).toContain(bare(code));
});
