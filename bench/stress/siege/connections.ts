// Thousands of connections that come, say something or nothing, and go, or forget to: does anything stay behind?
import { setTimeout as wait } from "node:timers/promises";
import { openDescriptors, residentKilobytes } from "../../harness/process-figures.ts";
import { openField } from "./field.ts";
import type { Verdict } from "./verdicts.ts";

const WARM_UP = 1000;
const CONNECTIONS = 5000;

/** Resident memory may end up this much higher, as a share; it moves by some per cent by itself. */
const GROWTH = 0.1;

/** Milliseconds for half requests to time out and for memory to be given back. */
const PATIENCE_MS = 120_000;

export async function connections(tell: (what: string) => void): Promise<Verdict[]> {
  const field = await openField(tell, { statsAgent: true });
  const { server, attackers } = field;
  const { pid, port } = server;
  const siege = "connections";
  try {
    await wait(1000);
    const cold = residentKilobytes(pid);
    tell(`${WARM_UP} connections to warm up`);
    await attackers("pass", { port, connections: WARM_UP });
    const idle = openDescriptors(pid);
    await until(() => openDescriptors(pid) < Math.min(idle, 60));
    await server.vitals("collect");
    const start = { resident: residentKilobytes(pid), descriptors: openDescriptors(pid) };
    tell(`${CONNECTIONS} connections`);
    const passers = await attackers("pass", { port, connections: CONNECTIONS });
    const peak = { resident: residentKilobytes(pid), descriptors: openDescriptors(pid) };
    tell("waiting until nothing of them is left");
    const since = performance.now();
    const grown = () => residentKilobytes(pid) / start.resident - 1;
    await until(async () => {
      await server.vitals("collect");
      return openDescriptors(pid) <= start.descriptors && grown() <= GROWTH;
    });
    const seconds = (performance.now() - since) / 1000;
    const descriptors = openDescriptors(pid);
    const mb = (kilobytes: number) => `${(kilobytes / 1000).toFixed(0)} MB`;
    return [
      {
        siege,
        what: `open descriptors after ${CONNECTIONS} connections of ${Object.keys(passers).length} kinds, a third half open`,
        goal: "as before",
        measured: `${start.descriptors} before, ${peak.descriptors} at the end of them, ${descriptors} after ${seconds.toFixed(0)} s more`,
        pass: descriptors <= start.descriptors,
      },
      {
        siege,
        what: `resident memory, warmed up by ${WARM_UP} such connections`,
        goal: `at most ${GROWTH * 100} % more than before`,
        measured: `${(grown() * 100).toFixed(1)} %: ${mb(cold)} cold, ${mb(start.resident)} before, ${mb(peak.resident)} at the end of them, ${mb(residentKilobytes(pid))} after`,
        pass: grown() <= GROWTH,
      },
    ];
  } finally {
    await field.end();
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await condition()) && performance.now() < end) await wait(500);
}
