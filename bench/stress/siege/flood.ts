// One client floods and fifty never read: do the others notice?
import type { Server } from "../../harness/server-process.ts";
import { openField, populate } from "./field.ts";
import type { Verdict } from "./verdicts.ts";

const WALKERS = 200;
const PER_SECOND = 10_000;
const DEAF = 50;
const BEFORE_S = 15;
const DURING_S = 40;
const GOAL = 1.5;
/** Bytes that may wait for one who does not read: MAX_SEND_BUFFER_BYTES, and a little. */
const MOST_EACH = 1.2e6;

export async function flood(tell: (what: string) => void): Promise<Verdict[]> {
  const field = await openField(tell, { statsAgent: true });
  const { server, attackers } = field;
  try {
    tell(`${WALKERS} walkers join`);
    await populate(field, WALKERS);
    await field.watch(5);
    tell(`watching them for ${BEFORE_S} s`);
    const before = await field.watch(BEFORE_S);
    const held = await memoryOf(server);
    tell(`a flood of ${PER_SECOND} messages a second, and ${DEAF} who never read, for ${DURING_S} s`);
    await attackers("deaf", { port: server.port, count: DEAF });
    await attackers("flood", { port: server.port, perSecond: PER_SECOND });
    const during = await field.watch(DURING_S);
    const figures = await attackers("flooded", null);
    const deaf = await attackers("deafness", null);
    const grown = (await memoryOf(server)) - held;
    await attackers("halt", null);
    const losses = await field.losses();
    const ratio = during.p99 / before.p99;
    const siege = "flood";
    return [
      {
        siege,
        what: `p99 of ${WALKERS} walkers, ${TIMED_WORDS}`,
        goal: `at most ${GOAL} x before`,
        measured: `${ratio.toFixed(2)} x: ${before.p99.toFixed(0)} ms (p50 ${before.p50.toFixed(0)}), then ${during.p99.toFixed(0)} ms (p50 ${during.p50.toFixed(0)}); ${before.moves} and ${during.moves} moves`,
        pass: ratio <= GOAL,
      },
      {
        siege,
        what: "walkers that were disconnected",
        goal: "0",
        measured: `${losses.length}${losses.length > 0 ? `, the first: ${losses[0]}` : ""}`,
        pass: losses.length === 0,
      },
      {
        siege,
        what: `${figures.sent} frames in ${DURING_S} s from one who joins again whenever it is cut`,
        goal: "it is cut",
        measured: `${figures.joins} joins, ${figures.refused} refused`,
        pass: figures.joins + figures.refused > 1,
      },
      {
        siege,
        what: `what waits for ${DEAF} who never read but answer pings`,
        goal: "at most 1.2 MB each",
        measured: `heap and buffers grew by ${(grown / 1e6).toFixed(1)} MB; ${deaf.cut} of them were cut`,
        pass: grown <= DEAF * MOST_EACH,
      },
    ];
  } finally {
    await field.end();
  }
}

const TIMED_WORDS = "from a move to the frame that shows it";

/** Bytes that a server holds, without what is garbage: that would hide what waits for somebody. */
async function memoryOf(server: Server): Promise<number> {
  const { heap, external } = await server.vitals("collect");
  return heap + external;
}
