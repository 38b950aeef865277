// Opens thousands of connections that do not join. Checks that the server releases their descriptors and memory.
import { setTimeout as wait } from "node:timers/promises";
import { openDescriptors, residentKilobytes } from "../../harness/process-figures.ts";
import { openField } from "./field.ts";
import type { Verdict } from "./verdicts.ts";

const WARM_UP = 1000;
const CONNECTIONS = 5000;

/** The maximum growth of resident memory, as a share. Resident memory varies by a few per cent even without a leak. */
const MAX_GROWTH = 0.1;

/** Milliseconds within which the server must close incomplete requests and release their memory. */
const TIMEOUT_MS = 120_000;

export async function connections(tell: (what: string) => void): Promise<Verdict[]> {
  const field = await openField(tell, { statsAgent: true });
  const { server, attackers } = field;
  const { pid, port } = server;
  const siege = "connections";
  try {
    await wait(1000);
    const cold = residentKilobytes(pid);
    tell(`warming up with ${WARM_UP} connections`);
    await attackers("connect", { port, connections: WARM_UP });
    const idle = openDescriptors(pid);
    await until(() => openDescriptors(pid) < Math.min(idle, 60));
    await server.vitals("collect");
    const start = { resident: residentKilobytes(pid), descriptors: openDescriptors(pid) };
    tell(`opening ${CONNECTIONS} connections`);
    const counts = await attackers("connect", { port, connections: CONNECTIONS });
    const peak = { resident: residentKilobytes(pid), descriptors: openDescriptors(pid) };
    tell("waiting until their descriptors and memory are released");
    const startedAt = performance.now();
    const grown = () => residentKilobytes(pid) / start.resident - 1;
    await until(async () => {
      await server.vitals("collect");
      return openDescriptors(pid) <= start.descriptors && grown() <= MAX_GROWTH;
    });
    const seconds = (performance.now() - startedAt) / 1000;
    const descriptors = openDescriptors(pid);
    const mb = (kilobytes: number) => `${(kilobytes / 1000).toFixed(0)} MB`;
    return [
      {
        siege,
        what: `open descriptors after ${CONNECTIONS} connections of ${Object.keys(counts).length} kinds, one third half open`,
        goal: "no more than before",
        measured: `${start.descriptors} before, ${peak.descriptors} after the last connection, ${descriptors} another ${seconds.toFixed(0)} s later`,
        pass: descriptors <= start.descriptors,
      },
      {
        siege,
        what: `growth of resident memory, after a warm-up with ${WARM_UP} such connections`,
        goal: `at most ${MAX_GROWTH * 100} %`,
        measured: `${(grown() * 100).toFixed(1)} %: ${mb(cold)} cold, ${mb(start.resident)} before, ${mb(peak.resident)} after the last connection, ${mb(residentKilobytes(pid))} at the end`,
        pass: grown() <= MAX_GROWTH,
      },
    ];
  } finally {
    await field.end();
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + TIMEOUT_MS;
  while (!(await condition()) && performance.now() < end) await wait(500);
}
