// Fifty clients say hostile texts, and two hundred walkers play. Checks that the latency of the walkers rises by no
// more than half, and that the server disconnects no client for its texts.
import { bystanderVerdicts } from "./bystanders.ts";
import { openField, populate } from "./field.ts";
import type { Verdict } from "./verdicts.ts";

const WALKERS = 200;
const SPEAKERS = 50;
const BEFORE_S = 15;
const DURING_S = 40;
/** The texts per second of all speakers together. They say 10,000 texts in all. */
const PER_SECOND = 10_000 / DURING_S;

export async function says(tell: (what: string) => void): Promise<Verdict[]> {
  const field = await openField(tell);
  const { server, attackers } = field;
  try {
    tell(`${WALKERS} walkers and ${SPEAKERS} speakers join`);
    await populate(field, WALKERS);
    await attackers("speakers", { port: server.port, count: SPEAKERS });
    await field.watch(5);
    tell(`measuring the walkers for ${BEFORE_S} s`);
    const before = await field.watch(BEFORE_S);
    tell(`${SPEAKERS} clients say ${PER_SECOND} hostile texts per second, for ${DURING_S} s`);
    await attackers("speak", PER_SECOND);
    const during = await field.watch(DURING_S);
    const { sent, cut } = await attackers("sayFigures", null);
    await attackers("halt", null);
    const losses = await field.losses();
    const siege = "says";
    return [
      ...bystanderVerdicts(siege, WALKERS, before, during, losses),
      {
        siege,
        what: `${sent} hostile texts of ${SPEAKERS} clients`,
        goal: "no client is disconnected for them, and walkers hear the accepted ones",
        measured: `${cut} disconnected; ${during.load.heard} texts received by ${during.load.clients} walkers`,
        pass: cut === 0 && during.load.heard > 0,
      },
    ];
  } finally {
    await field.end();
  }
}
