// Tests a real cluster in which one process has lost its connections to Redis: players still get in through the
// balancer, because that process sends them to the others.
import { connect } from "node:net";
import { Client, type Room } from "@colyseus/sdk";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Member } from "../../bench/cluster/member.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { type LaggyNetwork, laggyNetwork } from "../support/lag.ts";
import { testCluster } from "../support/local-cluster.ts";
import { PlainPlayer } from "../support/plain.ts";
import { describeWith } from "../support/requiring.ts";
import { pathOf, takeSeat } from "../support/seat.ts";
import { until } from "../support/until.ts";

const PLAYERS = 9;

describeWith("redis", "with Redis", () => {
  describeWith("postgres", "and PostgreSQL", () => {
    describeWith("haproxy", "and HAProxy", tests);
  });
});

function tests(): void {
  const rooms: Room<unknown, WorldState>[] = [];
  /** The network between the last process and Redis. */
  let network: LaggyNetwork;
  let started = 0;
  // Runs before the cluster is stopped.
  afterAll(async () => {
    await Promise.all(rooms.map((room) => room.leave()));
    network.restore();
    network.cut();
    await until(() => isReady(cutOff));
  });
  const cluster = testCluster(
    {},
    {
      environmentOf: async (_port, redisUrl): Promise<Record<string, string>> => {
        if (++started < 3) return {};
        const { port } = new URL(redisUrl);
        network = await laggyNetwork(Number(port), 0);
        return { REDIS_URL: redisUrl.replace(`:${port}`, `:${new URL(network.url).port}`) };
      },
    },
  );
  let cutOff: Member;
  beforeAll(async () => {
    cutOff = cluster.running.members[2]!;
    network.goAway();
    await until(async () => !(await isReady(cutOff)));
  });
  afterAll(() => network.close());

  const isReady = async ({ port }: Member) => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;

  async function connectionsOf(member: Member): Promise<number> {
    return Number(/^sabang_cluster_connections (\d+)$/m.exec((await member.metrics()) ?? "")?.[1]);
  }

  test("all SDK players get in, although the process without Redis has the fewest connections", async () => {
    for (let index = 0; index < PLAYERS; index++) {
      const client = new Client(cluster.url);
      client.auth.token = undefined as unknown as string;
      rooms.push(await client.joinOrCreate<WorldState>("world", { name: `Ada-${index}` }));
    }
    for (const room of rooms) await until(() => room.state.players?.size === PLAYERS);
    expect(await connectionsOf(cutOff)).toBe(0);
  });

  test("the process without Redis closes a WebSocket with a seat at once, without an HTTP response", async () => {
    const path = pathOf(await takeSeat(cluster.url));
    const socket = connect(cutOff.port, "127.0.0.1");
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
    });
    const isDecided = until(async () => socket.closed || (await connectionsOf(cutOff)) > 0);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    await isDecided;
    expect(socket.closed).toBe(true);
    expect(answer).toBe("");
  });

  test("plain players get in through the balancer after some attempts", async () => {
    await until(async () => {
      const player = await PlainPlayer.join(cluster.url, "?name=Mina").catch(() => undefined);
      player?.socket.close();
      return player !== undefined;
    });
  });
}
