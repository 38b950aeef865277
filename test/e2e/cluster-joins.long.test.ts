// Tests joins in a real cluster: the limit on joins holds for all processes together, and a process that is about to
// stop still passes joins on.
import { once } from "node:events";
import { describe, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import type { Member } from "../../bench/cluster/member.ts";
import { testCluster } from "../support/local-cluster.ts";
import { describeWith } from "../support/requiring.ts";
import { pathOf, takeSeat } from "../support/seat.ts";
import { until } from "../support/until.ts";

/** The limit on joins. It is larger than the number of joins that the balancer sends to each of the three processes. */
const MAX_JOINS = 4;

describeWith("redis", "with Redis", () => {
  describeWith("postgres", "and PostgreSQL", tests);
});

/** Returns how many joins the processes have refused because an address has sent too many. */
async function refusalsOf(members: readonly Member[]): Promise<number> {
  const pattern = /^sabang_edge_refusals_total\{reason="tooManyJoins"\} (\d+)$/m;
  const metrics = await Promise.all(members.map((member) => member.metrics()));
  return metrics.reduce((sum, text) => sum + Number(pattern.exec(text ?? "")?.[1]), 0);
}

function tests(): void {
  describe("with a limit on joins,", () => {
    const cluster = testCluster({ MAX_JOINS_PER_MINUTE: String(MAX_JOINS) });

    test("joins from one address are counted across all processes, and /metrics counts the refused joins", async () => {
      for (let i = 0; i < MAX_JOINS; i++) expect(await takeSeat(cluster.url)).toHaveProperty("sessionId");
      expect(await takeSeat(cluster.url)).toMatchObject({ code: 429, name: "tooManyJoins" });
      expect(await refusalsOf(cluster.running.members)).toBe(1);
    });
  });

  describe("while a process is about to stop,", () => {
    const cluster = testCluster({ DRAIN_SECONDS: "5" }, { processes: 2 });

    test("it still passes joins on, and clients can claim the seats at other processes", async () => {
      const [stopping, other] = cluster.running.members as [Member, Member];
      stopping.signal("SIGTERM");
      const server = `http://127.0.0.1:${stopping.port}`;
      await until(async () => (await fetch(`${server}/readyz`)).status === 503);
      const seat = await takeSeat(server);
      const socket = new WebSocket(`ws://127.0.0.1:${other.port}${pathOf(seat)}`);
      await once(socket, "message");
      socket.close();
    });
  });
}
