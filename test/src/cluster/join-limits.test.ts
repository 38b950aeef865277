// Tests the limit of connections per address in a cluster. The connections to all processes count together.
import type { Room } from "@colyseus/sdk";
import { afterEach, expect, test } from "@jest/globals";
import { ERRORS, taggedMessage } from "../../../schema/errors.ts";
import { newPlayerId } from "../../../src/auth/tokens.ts";
import { startCluster } from "../../support/cluster.ts";
import { cut } from "../../support/connection.ts";
import { drawnMap } from "../../support/maps.ts";
import { PlainPlayer, plainError } from "../../support/plain.ts";
import { until } from "../../support/until.ts";

const MAX = 3;
const maps = new Map([["plaza", drawnMap("plaza", [".....", "..s..", "....."])]]);
const cluster = startCluster(2, { maps, reconnectionSeconds: 3 }, MAX);

const REFUSED = { code: ERRORS.tooManyConnections.code, message: taggedMessage("tooManyConnections") };

const open: Room[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((room) => room.connection.isOpen && room.leave()));
  await until(() => cluster.rooms().every(({ state }) => state.players.size === 0));
});

async function join(route: number, token?: string): Promise<Room> {
  cluster.route = route;
  const room = await cluster.client(token).joinOrCreate("world");
  open.push(room);
  room.reconnection.minUptime = 0;
  return room;
}

test("an address cannot have more connections than the limit, however they are spread over processes", async () => {
  const first = await join(0);
  await join(1);
  await join(1);
  for (const route of [0, 1]) await expect(join(route)).rejects.toMatchObject(REFUSED);
  const plain = new PlainPlayer(`${cluster.url.replace("http", "ws")}/websocket`);
  await until(() => plain.closed);
  expect(plain.frames).toEqual([{ ...plainError("tooManyConnections"), message: expect.any(String) }]);
  await first.leave();
  await join(1);
});

test("if twelve clients join at once, only as many of them get seats as the limit allows", async () => {
  const joins = await Promise.allSettled(Array.from({ length: 12 }, (_, index) => join(index % 2)));
  expect(joins.filter(({ status }) => status === "fulfilled")).toHaveLength(MAX);
});

test("clients whose address has reached the limit can still replace a player's connection, and return to a held seat", async () => {
  const token = await cluster.tokens.sign(newPlayerId());
  await join(0, token);
  const lost = await join(0);
  await join(0);
  await join(1, token);
  cluster.route = 1;
  cut(lost);
  await until(() => lost.connection.isOpen === false);
  await until(() => lost.connection.isOpen);
  await expect(join(0)).rejects.toMatchObject(REFUSED);
});

test("a new authority counts the existing connections of an address towards the limit", async () => {
  await join(0);
  await join(0);
  await join(1);
  cluster.endHost();
  await cluster.createHost(cluster.replicas[1]);
  await expect(join(0)).rejects.toMatchObject(REFUSED);
  await open.pop()!.leave();
  await until(() => cluster.rooms()[0]?.state.players.size === MAX - 1);
  await join(1);
});

test("an address with many held seats gets no further seats, so that it never has more connections than twice the limit", async () => {
  for (let lost = 0; lost < MAX; lost++) {
    const room = await join(0);
    room.reconnection.enabled = false;
    cut(room);
  }
  await until(() => cluster.replicas[0]!.connectionCount === 0);
  for (let next = 0; next < MAX; next++) await join(1);
  await expect(join(1)).rejects.toMatchObject(REFUSED);
  await open.pop()!.leave();
  await join(1);
});

test("a reserved seat counts towards the limit, even after another process has become the authority", async () => {
  const reserve = () => fetch(`${cluster.url}/matchmake/joinOrCreate/world`, { method: "POST", body: "{}" });
  await join(0);
  await join(0);
  expect((await reserve()).status).toBe(200);
  await expect(join(0)).rejects.toMatchObject(REFUSED);
  // Gives the replica time to mirror the seat, because the new authority starts from the replica's state.
  await new Promise((resolve) => setTimeout(resolve, 200));
  cluster.endHost();
  await cluster.createHost(cluster.replicas[1]);
  await expect(join(0)).rejects.toMatchObject(REFUSED);
});
