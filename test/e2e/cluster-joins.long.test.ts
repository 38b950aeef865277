// Tests the joins of a real cluster: their limits hold for all processes together, and a process that is about to stop
// still passes them on.
import { once } from "node:events";
import { describe, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import type { Member } from "../../bench/cluster/member.ts";
import { testCluster } from "../support/local-cluster.ts";
import { describeWith } from "../support/requiring.ts";

/** The limit of joins. It is larger than the number of joins that each of the three processes gets from the balancer. */
const MAX_JOINS = 4;

describeWith("redis", "with Redis", () => {
  describeWith("postgres", "and PostgreSQL", tests);
});

/** The body of the server's response to a join: a seat, or an error. */
interface Answer {
  name: string;
  processId: string;
  roomId: string;
  sessionId: string;
}

/** Asks the server at this port for a seat. */
async function join(port: number): Promise<{ status: number; body: Answer }> {
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  const response = await fetch(`http://127.0.0.1:${port}/matchmake/joinOrCreate/world`, request);
  return { status: response.status, body: (await response.json()) as Answer };
}

/** Returns how many joins the processes have refused because an address has sent too many. */
async function refusalsOf(members: readonly Member[]): Promise<number> {
  const pattern = /^sabang_edge_refusals_total\{reason="tooManyJoins"\} (\d+)$/m;
  const metrics = await Promise.all(members.map((member) => member.metrics()));
  return metrics.reduce((sum, text) => sum + Number(pattern.exec(text ?? "")?.[1]), 0);
}

function tests(): void {
  describe("with a limit of joins,", () => {
    const cluster = testCluster({ MAX_JOINS_PER_MINUTE: String(MAX_JOINS) });

    test("the joins of an address through all processes count together, and /metrics counts the refused ones", async () => {
      const statuses: number[] = [];
      for (let i = 0; i < MAX_JOINS; i++) statuses.push((await join(cluster.running.port)).status);
      expect(statuses).toEqual(Array(MAX_JOINS).fill(200));
      expect(await join(cluster.running.port)).toMatchObject({ status: 429, body: { name: "tooManyJoins" } });
      expect(await refusalsOf(cluster.running.members)).toBe(1);
    });
  });

  describe("while a process is about to stop,", () => {
    const cluster = testCluster({ DRAIN_SECONDS: "5" }, { processes: 2 });

    test("it still passes joins on, and other processes accept the seats", async () => {
      const [stopping, other] = cluster.running.members as [Member, Member];
      stopping.signal("SIGTERM");
      const readiness = async () => (await fetch(`http://127.0.0.1:${stopping.port}/readyz`)).status;
      while ((await readiness()) !== 503);
      const { status, body } = await join(stopping.port);
      expect(status).toBe(200);
      const { processId, roomId, sessionId } = body;
      const socket = new WebSocket(`ws://127.0.0.1:${other.port}/${processId}/${roomId}?sessionId=${sessionId}`);
      await once(socket, "message");
      socket.close();
    });
  });
}
