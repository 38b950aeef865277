// One client floods the server with messages, and fifty slow consumers never read. Checks that the latency of the other
// players rises by at most half. Also checks that the server limits the bytes that it buffers for the slow consumers.
import type { Server } from "../../harness/server-process.ts";
import { bystanderVerdicts } from "./bystanders.ts";
import { openField, populate } from "./field.ts";
import type { Verdict } from "./verdicts.ts";

const WALKERS = 200;
const PER_SECOND = 10_000;
const SLOW_CONSUMERS = 50;
const BEFORE_S = 15;
const DURING_S = 40;
/** The maximum number of bytes that may be buffered for one slow consumer: MAX_SEND_BUFFER_BYTES and some overhead. */
const MAX_BYTES_EACH = 1.2e6;

export async function flood(tell: (what: string) => void): Promise<Verdict[]> {
  const field = await openField(tell, { statsAgent: true });
  const { server, attackers } = field;
  try {
    tell(`${WALKERS} walkers join`);
    await populate(field, WALKERS);
    await field.watch(5);
    tell(`measuring the walkers for ${BEFORE_S} s`);
    const before = await field.watch(BEFORE_S);
    const memoryBefore = await memoryOf(server);
    tell(`a flood of ${PER_SECOND} messages per second and ${SLOW_CONSUMERS} slow consumers, for ${DURING_S} s`);
    await attackers("slowConsumers", { port: server.port, count: SLOW_CONSUMERS });
    await attackers("flood", { port: server.port, perSecond: PER_SECOND });
    const during = await field.watch(DURING_S);
    const figures = await attackers("floodFigures", null);
    const { cut } = await attackers("slowConsumerFigures", null);
    const grown = (await memoryOf(server)) - memoryBefore;
    await attackers("halt", null);
    const losses = await field.losses();
    const siege = "flood";
    return [
      ...bystanderVerdicts(siege, WALKERS, before, during, losses),
      {
        siege,
        what: `${figures.sent} frames in ${DURING_S} s from one client that joins again whenever it is disconnected`,
        goal: "the client is disconnected",
        measured: `${figures.joins} joins, ${figures.refused} refused`,
        pass: figures.joins + figures.refused > 1,
      },
      {
        siege,
        what: `memory of ${SLOW_CONSUMERS} slow consumers that never read but send pongs`,
        goal: "at most 1.2 MB each",
        measured: `heap and buffers grew by ${(grown / 1e6).toFixed(1)} MB; ${cut} of them were disconnected`,
        pass: grown <= SLOW_CONSUMERS * MAX_BYTES_EACH,
      },
    ];
  } finally {
    await field.end();
  }
}

/**
 * Returns the server's memory in use after a garbage collection, in bytes. Garbage would hide the size of the buffers.
 */
async function memoryOf(server: Server): Promise<number> {
  const { heap, external } = await server.vitals("collect");
  return heap + external;
}
