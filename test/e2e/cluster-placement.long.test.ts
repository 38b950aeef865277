// Tests a real cluster whose processes have public addresses: clients are distributed evenly, and a full cluster
// refuses new players, but each full process accepts some more clients that have reserved seats.
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Client, type Room } from "@colyseus/sdk";
import { afterAll, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import type { Member } from "../../bench/cluster/member.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { testCluster } from "../support/local-cluster.ts";
import { describeWith } from "../support/requiring.ts";
import { pathOf, type Seat } from "../support/seat.ts";
import { until } from "../support/until.ts";

/**
 * The maximum number of connections of a process, and the number of additional connections that a full process accepts
 * from clients with reserved seats. The reserve is a quarter of the limit.
 */
const LIMIT = 4;
const RESERVE = 1;

describeWith("redis", "with Redis", () => {
  describeWith("postgres", "and PostgreSQL", tests);
});

/** A seat at the process with this address. */
interface PlacedSeat extends Seat {
  publicAddress: string;
}

function tests(): void {
  const rooms: Room<unknown, WorldState>[] = [];
  const sockets: WebSocket[] = [];
  // Runs before the cluster is stopped. The clients would otherwise try to reconnect for a long time.
  afterAll(async () => {
    for (const socket of sockets) socket.close();
    await Promise.all(rooms.map((room) => room.leave()));
  });

  const cluster = testCluster(
    { MAX_PLAYERS_PER_ROOM: String(LIMIT) },
    { environmentOf: (port) => ({ PUBLIC_ADDRESS: `127.0.0.1:${port}` }) },
  );

  async function connectionsOf(member: Member): Promise<number> {
    return Number(/^sabang_cluster_connections (\d+)$/m.exec((await member.metrics()) ?? "")?.[1]);
  }

  /** Waits until the processes have these numbers of connections, in any order. */
  async function untilCounts(...expected: number[]): Promise<void> {
    const counts = async () =>
      (await Promise.all(cluster.running.members.map(connectionsOf))).toSorted((a, b) => a - b);
    await until(async () => isDeepStrictEqual(await counts(), expected));
  }

  /** Joins through the balancer. */
  async function join(): Promise<void> {
    const client = new Client(cluster.url);
    // All SDK clients of a process share one token. This client must be a guest, so the token is removed.
    client.auth.token = undefined as unknown as string;
    const room = await client.joinOrCreate<WorldState>("world");
    room.onMessage("*", () => {});
    rooms.push(room);
    await until(() => room.state.players?.has(room.sessionId));
  }

  /** Asks for a seat through the balancer. */
  async function requestSeat(): Promise<{ status: number; body: PlacedSeat }> {
    const request = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
    const response = await fetch(`${cluster.url}/matchmake/joinOrCreate/world`, request);
    return { status: response.status, body: (await response.json()) as PlacedSeat };
  }

  /** Connects to a process to claim a seat. Resolves with whether the process has accepted the connection. */
  async function claim(seat: Seat, { port }: Member): Promise<boolean> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${pathOf(seat)}`);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    socket.once("message", () => resolve(true)).once("error", () => resolve(false));
    const isAccepted = await promise;
    sockets.push(socket);
    return isAccepted;
  }

  /**
   * Waits until each process has reported its new connections, and unclaimed seats no longer count as connections. Each
   * process reports once per second.
   */
  const untilReported = () => wait(2500);

  test("new players connect directly to the process with the most free capacity", async () => {
    await untilReported();
    for (let i = 0; i < 6; i++) {
      await join();
      await untilReported();
    }
    await untilCounts(2, 2, 2);
    expect(new Set(rooms.map(({ roomId }) => roomId)).size).toBe(1);
  });

  test("joins are refused as busy if all processes are full, and a full process still honours a reserved seat", async () => {
    for (let i = 0; i < 5; i++) {
      await join();
      await untilReported();
    }
    await untilCounts(LIMIT - 1, LIMIT, LIMIT);
    const { body: seat } = await requestSeat();
    // The first seat counts as a connection for a short time, so this join is refused. The seat stays unclaimed, so a
    // later join is accepted.
    expect(await requestSeat()).toMatchObject({ status: 503, body: { name: "busy" } });
    await untilReported();
    const { body: laterSeat } = await requestSeat();
    expect([seat, laterSeat].map(({ publicAddress }) => publicAddress)).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      seat.publicAddress,
    ]);
    const full = cluster.running.members.find(({ port }) => !seat.publicAddress.endsWith(`:${port}`))!;
    await until(async () => (await connectionsOf(full)) === LIMIT);
    // A plain client cannot be sent to another process, so the full process refuses it.
    const plain = new WebSocket(`ws://127.0.0.1:${full.port}/websocket`);
    sockets.push(plain);
    const [frame] = await once(plain, "message");
    expect(JSON.parse(String(frame))).toMatchObject({ name: "busy" });
    expect(await claim(seat, full)).toBe(true);
    await until(async () => (await connectionsOf(full)) === LIMIT + RESERVE);
    expect(await claim(laterSeat, full)).toBe(false);
    await untilReported();
    await join();
    await untilReported();
    expect(await requestSeat()).toMatchObject({ status: 503, body: { name: "busy" } });
  });
}
