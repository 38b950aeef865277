// Tests the Python examples against a real server: they must see the same players as an SDK client.
import { expect } from "@jest/globals";
import { startExample, testWithPython } from "../support/example.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const server = startServer({ seed: 7 });

testWithPython(
  "websockets",
  "walk.py walks on the plain WebSocket and prints its position and the number of players in sight",
  async (python) => {
    const witness = await joinWithSdk(server);
    const bot = startExample(python, "examples/python/walk.py", server.wsUrl, "몬티 & co", "30");
    await until(() => witness.state.players.size === 2);
    const positions = new Set<string>();
    const room = await server.roomOf(witness.sessionId);
    const step = room.step.bind(room);
    room.step = () => {
      step();
      for (const { name, x, y } of room.state.players.values()) if (name === "몬티 & co") positions.add(`[${x}, ${y}]`);
    };
    expect([await bot.ended, bot.stderr()]).toEqual([0, ""]);
    const lines = bot.stdout().trim().split("\n");
    expect(lines[0]).toMatch(/^몬티 & co is on plaza at \d+, \d+$/);
    expect(lines[1]).toMatch(/^몬티 & co is at \[\d+, \d+\], among [12] in sight$/);
    expect(positions.size).toBeGreaterThan(5);
    // The printed position is one that the server had.
    expect([...positions]).toContain(/\[.*\]/.exec(lines[1]!)![0]);
    await until(() => room.state.players.size === 1);
  },
);

testWithPython("websockets", "walk.py prints the reason for a refused join", async (python) => {
  const bot = startExample(python, "examples/python/walk.py", server.wsUrl, " ", "1");
  expect(await bot.ended).toBe(1);
  expect(bot.stderr()).toMatch(/^join refused: `name` must be 1 to 24 characters/);
});

testWithPython("websockets", "room_client.py decodes the same state as an SDK client", async (python) => {
  const witness = await joinWithSdk(server, { name: "Ada" });
  const stranger = await joinWithSdk(server, { name: "미나" });
  const words = [...Array<string>(9).fill("left"), "up", "right", "down"];
  const client = startExample(python, "examples/python/room_client.py", server.url, "몬티", ...words);
  const last = () => {
    const line = client.stdout().trim().split("\n").at(-1);
    return line ? JSON.parse(line) : {};
  };
  await until(() => last().applied === words.length);
  stranger.send("move", "좌");
  await until(() => stranger.state.players.get(stranger.sessionId)?.facing === 1);
  const { map, width, height } = witness.state;
  const seen = () => ({ map, width, height, players: witness.state.players.toJSON() });
  const statesMatch = () => JSON.stringify(last()) === JSON.stringify({ applied: words.length, ...seen() });
  await until(statesMatch).catch(() => expect(last()).toEqual({ applied: words.length, ...seen() }));
  expect(Object.keys(last().players)).toHaveLength(3);

  await stranger.leave();
  await until(() => witness.state.players.size === 2);
  await until(statesMatch);
  client.interrupt();
  expect(await client.ended).toBe(0);
  expect(client.stderr()).toMatch(/^closed 4000/);
  await until(() => witness.state.players.size === 1);
});

testWithPython("websockets", "room_client.py prints the reason for a refused join", async (python) => {
  const client = startExample(python, "examples/python/room_client.py", server.url, "");
  expect(await client.ended).toBe(1);
  expect(client.stderr()).toMatch(/^join refused: 422 {"code":422,"name":"badJoinOption","error":"`name` must be/);
});
