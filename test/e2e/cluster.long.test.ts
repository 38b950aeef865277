// Tests a real cluster of three processes behind a balancer: all kinds of clients are in one world, and stay in it when
// processes end.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { Client, type Room } from "@colyseus/sdk";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Member } from "../../bench/cluster/member.ts";
import { ERRORS } from "../../schema/errors.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { hook, startBrowser, walk } from "../support/browser.ts";
import { startExample, testWithPython } from "../support/example.ts";
import { testCluster } from "../support/local-cluster.ts";
import { PlainPlayer } from "../support/plain.ts";
import { describeWith } from "../support/requiring.ts";
import { until } from "../support/until.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

describeWith("redis", "with Redis", () => {
  describeWith("postgres", "and PostgreSQL", tests);
});

function tests(): void {
  const { blank, open, test: testWithBrowser } = startBrowser();
  const cluster = testCluster();

  async function join(name: string): Promise<Room<unknown, WorldState>> {
    const client = new Client(cluster.url);
    // All SDK clients of a process share one token. This client must be a guest, so the token is removed.
    client.auth.token = undefined as unknown as string;
    const room = await client.joinOrCreate<WorldState>("world", { name });
    room.onMessage("*", () => {});
    room.reconnection.minUptime = 0;
    cleanups.push(() => room.connection.isOpen && room.leave());
    await until(() => room.state.players?.has(room.sessionId));
    return room;
  }

  const own = (room: Room<unknown, WorldState>) => {
    const { x, y } = room.state.players.get(room.sessionId)!;
    return { x, y };
  };

  /** Sends steps, and waits until the client sees its player move or turn. */
  async function step(room: Room<unknown, WorldState>, word: "left" | "right", times: number): Promise<void> {
    const { x } = own(room);
    const facing = word === "left" ? 1 : 2;
    for (let i = 0; i < times; i++) room.send("move", word);
    await until(() => own(room).x !== x || room.state.players.get(room.sessionId)!.facing === facing);
  }

  const namesSeenBy = (room: Room<unknown, WorldState>) =>
    [...room.state.players.values()].map(({ name }) => name).sort();

  /** Returns the number of connections of a process. */
  async function connectionsOf(member: Member): Promise<number> {
    return Number(/^sabang_cluster_connections (\d+)$/m.exec((await member.metrics()) ?? "")?.[1]);
  }

  test("players who come through the balancer are in one world, on different processes", async () => {
    const rooms: Room<unknown, WorldState>[] = [];
    for (let i = 0; i < 6; i++) rooms.push(await join(`Ada-${i}`));
    const plain = await PlainPlayer.join(cluster.url, "?name=Mina");
    cleanups.push(() => plain.socket.close());
    const everyone = [...rooms.map((_room, i) => `Ada-${i}`), "Mina"];
    for (const room of rooms) await until(() => namesSeenBy(room).join() === everyone.join());
    await until(() => plain.players.size === everyone.length);
    const carried = await Promise.all(cluster.running.members.map(connectionsOf));
    expect(carried.reduce((sum, count) => sum + count)).toBe(everyone.length);
    expect(carried.filter((count) => count > 0).length).toBeGreaterThan(1);

    const [walker, witness] = rooms as [(typeof rooms)[0], (typeof rooms)[0]];
    await step(walker, "left", 3);
    const { x, y } = own(walker);
    await until(() => witness.state.players.get(walker.sessionId)?.x === own(walker).x);
    await until(() => plain.players.get(walker.sessionId)?.x === own(walker).x);
    expect(witness.state.players.get(walker.sessionId)).toMatchObject({ y });
    expect(plain.players.get(walker.sessionId)!.x).toBeLessThanOrEqual(x);
    plain.socket.send("우");
    const { x: before } = witness.state.players.get(plain.id)!;
    await until(() => witness.state.players.get(plain.id)!.facing === 2);
    expect(witness.state.players.get(plain.id)!.x).toBeGreaterThanOrEqual(before);
  });

  test("the snippets of README.md and README.ko.md work against the balancer", async () => {
    const witness = await join("witness");
    const runs = ["README.md", "README.ko.md"].flatMap((file) => {
      const page = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
      return ['play("http://localhost:2567"', "/websocket"].map((containing) => {
        const code = [...page.matchAll(/```js\n([\s\S]*?)```/g)]
          .map(([, code]) => code!)
          .find((code) => code.includes(containing))!;
        const program = code.replaceAll("localhost:2567", new URL(cluster.url).host);
        return startExample(process.execPath, "--input-type=module", "--eval", program);
      });
    });
    const walked = () =>
      [...witness.state.players.values()].filter(({ name, facing }) => name !== "witness" && facing === 1);
    await until(() => walked().length === runs.length, 30_000);
    for (const { pid, stderr, ended } of runs) {
      expect(stderr()).toBe("");
      process.kill(pid, "SIGKILL");
      await ended;
    }
    // No seat is held for a plain WebSocket. The seats of the SDK's clients are held for 20 s.
    await until(() => witness.state.players.size === 1, 40_000);
  });

  test("the Node example's player walks, and its predicted position is right when the player stops", async () => {
    const player = startExample(process.execPath, "examples/node/walk.ts", cluster.url, "40");
    expect([await player.ended, player.stderr()]).toEqual([0, ""]);
    const [, predicted, actual] = /^stopped at (\d+, \d+); server: (\d+, \d+)$/m.exec(player.stdout())!;
    expect(predicted).toBe(actual);
  });

  testWithPython("websockets", "the Python examples walk, and see what the SDK's clients see", async (python) => {
    const witness = await join("witness");
    const bot = startExample(python, "examples/python/walk.py", cluster.url.replace("http", "ws"), "Monty", "30");
    await until(() => namesSeenBy(witness).includes("Monty"));
    expect([await bot.ended, bot.stderr()]).toEqual([0, ""]);
    const [, seen] = /^Monty is at (\[\d+, \d+\])/m.exec(bot.stdout())!;
    expect(bot.stdout()).toContain(`the prediction was ${seen}\n`);

    const client = startExample(python, "examples/python/room_client.py", cluster.url, "Mina", "left", "up");
    const last = (): unknown => JSON.parse(client.stdout().trim().split("\n").at(-1) || "{}");
    const expected = () => {
      const { map, width, height, players } = witness.state;
      return { applied: 2, map, width, height, players: players.toJSON() };
    };
    await until(() => namesSeenBy(witness).includes("Mina") && isDeepStrictEqual(last(), expected())).catch(() =>
      expect(last()).toEqual(expected()),
    );
    client.interrupt();
    expect(await client.ended).toBe(0);
  });

  testWithBrowser("the browser example walks and sees the others", async () => {
    const witness = await join("witness");
    const page = await blank();
    const file = new URL("../../examples/browser/index.html", import.meta.url);
    await page.goto(`${file.href}?server=${cluster.url.replace("http", "ws")}&name=Ada`);
    const ada = () => [...witness.state.players.values()].find(({ name }) => name === "Ada");
    await until(ada);
    await page.waitForFunction(() => /^2 in sight/.test(document.querySelector("output")!.value));
    await walk(page, "ArrowLeft", 300);
    await until(() => ada()!.facing === 1);
  });

  test("all processes have the same epoch, and exactly one of them is the authority", async () => {
    const texts = await Promise.all(cluster.running.members.map((member) => member.metrics()));
    const values = (series: string) =>
      texts.map((text) => Number(new RegExp(`^${series} (\\S+)$`, "m").exec(text!)?.[1]));
    const roles = values('sabang_cluster_role\\{role="authority"\\}');
    expect(roles.toSorted()).toEqual([0, 0, 1]);
    expect(new Set(values("sabang_cluster_epoch")).size).toBe(1);
    expect(values("sabang_cluster_processes")).toEqual([3, 3, 3]);
    for (const lag of values("sabang_cluster_lag_seconds")) expect(lag).toBeLessThan(2);
  });

  test("the monitor of each process shows all rooms, and can disconnect a client of any process", async () => {
    const rooms = [await join("Ada"), await join("Bob"), await join("Cid")];
    for (const [index, { port }] of cluster.running.members.entries()) {
      const list = (await (await cluster.monitor(port, "/api")).json()) as { rooms: { roomId: string }[] };
      expect(list.rooms.map(({ roomId }) => roomId)).toEqual([rooms[0]!.roomId]);
      const victim = rooms[index]!;
      const left = new Promise<number>((resolve) => victim.onLeave(resolve));
      const args = encodeURIComponent(JSON.stringify([victim.sessionId]));
      const call = `/api/room/call?roomId=${victim.roomId}&method=kick&args=${args}`;
      expect((await cluster.monitor(port, call)).status).toBe(200);
      expect(await left).toBe(ERRORS.kicked.code);
      expect(await (await cluster.monitor(port, "/")).text()).toContain("<html");
    }
  });

  testWithBrowser(
    "the page plays through the balancer, and keeps its session when the authority is killed",
    async () => {
      const page = await open(cluster.url);
      const witness = await join("witness");
      await walk(page, "ArrowLeft", 300);
      const before = await hook(page);
      const authority = await cluster.running.untilAuthority();
      await authority.end("SIGKILL");
      await page.waitForFunction(() => window.sabang.connected && window.sabang.unacknowledged === 0);
      await walk(page, "ArrowDown", 300);
      const facing = () => witness.state.players.get(before.sessionId!)?.facing;
      await until(() => facing() === 4);
      expect((await hook(page)).sessionId).toBe(before.sessionId);
      await authority.start();
    },
  );

  describe("a client keeps its session and its place when", () => {
    /** Lets six clients join, calls `act`, and checks that all six clients play on. */
    async function goesOn(act: () => Promise<void>): Promise<void> {
      const rooms: Room<unknown, WorldState>[] = [];
      for (let i = 0; i < 6; i++) rooms.push(await join(`walker-${i}`));
      for (const room of rooms) await step(room, "right", 4);
      const places = rooms.map(own);
      const ids = rooms.map(({ sessionId }) => sessionId);
      await act();
      for (const [index, room] of rooms.entries()) {
        await until(() => room.connection.isOpen && room.state.players.has(room.sessionId), 30_000);
        room.send("move", "left");
        await until(() => room.state.players.get(room.sessionId)!.facing === 1, 30_000);
        expect(Math.abs(own(room).x - places[index]!.x)).toBeLessThanOrEqual(4 * 8);
        expect(own(room).y).toBe(places[index]!.y);
      }
      expect(rooms.map(({ sessionId }) => sessionId)).toEqual(ids);
      const bodies = [...rooms[0]!.state.players.values()].filter(({ name }) => name.startsWith("walker-"));
      expect(bodies).toHaveLength(rooms.length);
    }

    test("the authority is killed", async () => {
      const authority = await cluster.running.untilAuthority();
      cleanups.push(() => authority.start());
      await goesOn(async () => {
        await authority.end("SIGKILL");
        expect(await cluster.running.untilAuthority()).not.toBe(authority);
      });
    });

    test("each process in turn is ended with SIGTERM, exits with code 0 and is started again", async () => {
      await goesOn(async () => {
        for (const member of cluster.running.members) {
          const code = await member.end("SIGTERM");
          expect({ code, output: code === 0 ? "" : member.output }).toEqual({ code: 0, output: "" });
          await member.start();
          await until(async () => (await fetch(`http://127.0.0.1:${member.port}/readyz`)).ok, 30_000);
        }
      });
    }, 180_000);

    test("Redis is killed and restarts without data; joins are refused and /readyz says why while Redis is down", async () => {
      await goesOn(async () => {
        await cluster.running.redis.kill();
        const { port } = cluster.running.members[0]!;
        await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 503);
        expect(await (await fetch(`http://127.0.0.1:${port}/readyz`)).text()).toMatch(/^Redis is unavailable/);
        await expect(join("late")).rejects.toMatchObject({
          code: 503,
          message: expect.stringMatching(/\[clusterAway\]$/),
        });
        await cluster.running.redis.start();
        await cluster.running.untilAuthority();
      });
    });
  });
}
