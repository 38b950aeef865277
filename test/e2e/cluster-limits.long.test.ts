// Tests that the limits per address hold for all processes of a cluster together, and that refusals are counted.
import { expect, test } from "@jest/globals";
import { testCluster } from "../support/local-cluster.ts";
import { describeWith } from "../support/requiring.ts";

/** The limit of joins. It is larger than the number of joins that each of the three processes gets from the balancer. */
const MAX_JOINS = 4;

describeWith("redis", "with Redis", () => {
  describeWith("postgres", "and PostgreSQL", tests);
});

function tests(): void {
  const cluster = testCluster({ MAX_JOINS_PER_MINUTE: String(MAX_JOINS) });

  /** Asks for a seat through the balancer. Returns the status and the name of the error. */
  async function join(): Promise<{ status: number; name: string | undefined }> {
    const request = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
    const response = await fetch(`${cluster.url}/matchmake/joinOrCreate/world`, request);
    const { name } = (await response.json()) as { name?: string };
    return { status: response.status, name: response.ok ? undefined : name };
  }

  /** Returns how many joins the processes have refused because an address has sent too many. */
  async function refusals(): Promise<number> {
    const pattern = /^sabang_edge_refusals_total\{reason="tooManyJoins"\} (\d+)$/m;
    const metrics = await Promise.all(cluster.running.members.map((member) => member.metrics()));
    return metrics.reduce((sum, text) => sum + Number(pattern.exec(text ?? "")?.[1]), 0);
  }

  test("the joins of an address through all processes are limited together, and /metrics counts the refused ones", async () => {
    const answers: Awaited<ReturnType<typeof join>>[] = [];
    for (let i = 0; i < MAX_JOINS + 2; i++) answers.push(await join());
    expect(answers.slice(0, MAX_JOINS)).toEqual(Array(MAX_JOINS).fill({ status: 200, name: undefined }));
    expect(answers.slice(MAX_JOINS)).toEqual(Array(2).fill({ status: 429, name: "tooManyJoins" }));
    expect(await refusals()).toBe(2);
  });
}
