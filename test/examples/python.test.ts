// Tests the Python examples against a real server: they must see the same players as an SDK client.
import { setTimeout as delay } from "node:timers/promises";
import { Callbacks } from "@colyseus/sdk";
import { expect } from "@jest/globals";
import { startExample, testWithPython } from "../support/example.ts";
import { laggyNetwork } from "../support/lag.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const server = startServer({ seed: 7 });

testWithPython(
  "websockets",
  "walk.py walks over the plain WebSocket, and predicts the position of its player exactly",
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
    expect(lines[2]).toBe(`the prediction was ${/\[.*\]/.exec(lines[1]!)![0]}`);
    expect(positions.size).toBeGreaterThan(5);
    // The printed position must be one of the player's positions on the server.
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
  expect(client.stderr()).toMatch(/^join refused: `name` must be 1 to 24 characters.* \[badJoinOption\]$/m);
});

/** The arguments of each program, for a player that walks a little. */
const PROGRAMS = {
  "walk.py": (url: string) => [url.replace("http", "ws"), "Monty", "40"],
  "room_client.py": (url: string) => [url, "Monty", ...Array<string>(40).fill("left")],
};

/** A player counts as standing if it takes no step for this many milliseconds. */
const STANDING_MS = 300;

for (const [program, argumentsOf] of Object.entries(PROGRAMS))
  testWithPython(
    "websockets",
    `${program} joins again as the same player in the same place after its connection is lost`,
    async (python) => {
      const network = await laggyNetwork(server.port, 1);
      const witness = await joinWithSdk(server);
      const room = await server.roomOf(witness.sessionId);
      /** The positions at which the example's player came into the witness's sight. */
      const places: [x: number, y: number][] = [];
      Callbacks.get(witness).onAdd("players", ({ x, y, name }) => name === "Monty" && places.push([x, y]));
      const client = () => [...room.clients].find(({ sessionId }) => sessionId !== witness.sessionId);
      const example = startExample(python, `examples/python/${program}`, ...argumentsOf(network.url));
      await until(() => places.length === 1);
      const { sessionId, auth } = client()!;
      const place = () => {
        const { x, y } = room.state.players.get(sessionId)!;
        return [x, y];
      };
      await until(() => String(place()) !== String(places[0]));
      // The server receives no more steps, and does not notice that the connection is lost.
      network.silence();
      let last: number[];
      do {
        last = place();
        await delay(STANDING_MS);
      } while (String(place()) !== String(last));
      network.cutNearEnd();
      await until(() => places.length === 2);
      expect([places[1], client()!.auth]).toEqual([last, auth]);
      expect(auth!.id).toBeDefined();
      expect(example.stderr()).toMatch(/^.*; joining again in \d\.\d s\n$/);
      example.interrupt();
      expect(await example.ended).toBe(0);
      await until(() => room.clients.length === 1);
      network.close();
    },
  );
