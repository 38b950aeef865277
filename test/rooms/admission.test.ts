// A process that is really too busy: new players are refused, those who are here are not, and it passes by itself.
import { MatchMakeError } from "@colyseus/sdk";
import { afterEach, beforeAll, expect, test } from "@jest/globals";
import { ERRORS } from "../../rooms/errors.ts";
import type { Admission } from "../../src/admission.ts";
import { newPlayerId } from "../../src/tokens.ts";
import { cut } from "../support/connection.ts";
import { drawnMap } from "../support/maps.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

/** Wide enough for a machine that does more than this. */
const MAX_DELAY_MS = 200;
const BLOCKED_MS = 350;

const server = startServer({
  maps: new Map([["plaza", drawnMap("plaza", [".........", "....s....", "........."])]]),
  maxDelayMs: MAX_DELAY_MS,
});
let admission: Admission;
beforeAll(() => {
  ({ admission } = server.app);
});

let load: ReturnType<typeof setInterval> | undefined;
afterEach(() => clearInterval(load));

/** Keeps the event loop from anything else for most of the time. */
function block(): void {
  load = setInterval(() => {
    for (const end = performance.now() + BLOCKED_MS; performance.now() < end; );
  }, 50);
}

async function readyz(): Promise<string> {
  const answer = await fetch(`${server.url}/readyz`);
  return `${answer.status} ${await answer.text()}`;
}

test("closes its door while its ticks are late, says so in words, and opens it again", async () => {
  const token = await server.tokens.sign(newPlayerId());
  const here = await joinWithSdk(server);
  const known = await joinWithSdk(server, {}, token);
  expect(await readyz()).toBe("200 ready\n");
  block();
  await until(() => admission.hindrance, 30_000);

  const refused = await server
    .client()
    .joinOrCreate("world")
    .catch((error) => error);
  expect(refused).toBeInstanceOf(MatchMakeError);
  expect(refused).toMatchObject({ code: ERRORS.busy.code, message: ERRORS.busy.sentence });
  const answer = await fetch(`${server.url}/matchmake/joinOrCreate/world`, { method: "POST" });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "10"]);
  const plain = new PlainPlayer(`${server.wsUrl}/websocket`);
  await until(() => plain.closed);
  expect(plain.errors).toEqual([{ type: "error", code: ERRORS.busy.code, message: ERRORS.busy.sentence }]);
  expect(plain.closed!.code).toBe(ERRORS.joinRefused.code);
  expect(await readyz()).toBe("503 busy: no new players\n");
  // By which a balancer without another server to choose goes: those who are in have to be able to come back.
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);

  // Who is here already adds nobody: neither by coming back nor by taking over.
  let back = false;
  here.onReconnect(() => {
    back = true;
  });
  cut(here);
  await until(() => back, 30_000);
  const again = await joinWithSdk(server, {}, token);
  expect(again.sessionId).not.toBe(known.sessionId);
  expect(admission.hindrance).toBe("busy");

  clearInterval(load);
  await until(async () => (await readyz()) === "200 ready\n", 30_000);
  await joinWithSdk(server);
});
