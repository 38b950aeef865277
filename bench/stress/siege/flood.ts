// One client floods and fifty slow consumers never read. Checks that the latency of the other players hardly rises.
import type { Server } from "../../harness/server-process.ts";
import { openField, populate } from "./field.ts";
import type { Verdict } from "./verdicts.ts";

const WALKERS = 200;
const PER_SECOND = 10_000;
const SLOW_CONSUMERS = 50;
const BEFORE_S = 15;
const DURING_S = 40;
const GOAL = 1.5;
/** The maximum of bytes buffered for one slow consumer: MAX_SEND_BUFFER_BYTES and some overhead. */
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
    const ratio = during.p99 / before.p99;
    const siege = "flood";
    return [
      {
        siege,
        what: `p99 latency of ${WALKERS} walkers ${LATENCY_DEFINITION}`,
        goal: `at most ${GOAL} x before`,
        measured: `${ratio.toFixed(2)} x: ${before.p99.toFixed(0)} ms (p50 ${before.p50.toFixed(0)}), then ${during.p99.toFixed(0)} ms (p50 ${during.p50.toFixed(0)}); ${before.moves} and ${during.moves} moves`,
        pass: ratio <= GOAL,
      },
      {
        siege,
        what: "disconnected walkers",
        goal: "0",
        measured: `${losses.length}${losses.length > 0 ? `; the first: ${losses[0]}` : ""}`,
        pass: losses.length === 0,
      },
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

const LATENCY_DEFINITION = "from a move to the frame that shows it";

/** Returns the server's memory in use, in bytes, without garbage, which would hide what is buffered for clients. */
async function memoryOf(server: Server): Promise<number> {
  const { heap, external } = await server.vitals("collect");
  return heap + external;
}
