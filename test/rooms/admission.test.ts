// A process that is overloaded by its own work refuses new players, accepts returning players, and admits new players
// again by itself.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { MatchMakeError } from "@colyseus/sdk";
import { afterEach, beforeAll, expect, test } from "@jest/globals";
import { matchMaker } from "colyseus";
import { ERRORS, taggedMessage } from "../../schema/errors.ts";
import { newPlayerId } from "../../src/auth/tokens.ts";
import type { Admission } from "../../src/edge/admission.ts";
import { cut } from "../support/connection.ts";
import { drawnMap } from "../support/maps.ts";
import { PlainPlayer, plainError } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const MAX_DELAY_MS = 100;
const BLOCKED_MS = 200;

const server = startServer({
  maps: new Map([["plaza", drawnMap("plaza", [".........", "....s....", "........."])]]),
  maxDelayMs: MAX_DELAY_MS,
  // A fifth of the default: admission looks back two seconds instead of ten.
  edge: { admissionSliceMs: 50 },
});
let admission: Admission;
beforeAll(() => {
  ({ admission } = server.app);
});

let load: ReturnType<typeof setInterval> | undefined;
const burners: Worker[] = [];
afterEach(unblock);

/**
 * Blocks the event loop for most of the time, and loads all cores with threads. On a busy machine the event loop alone
 * would get less CPU time than the share of a core below which admission stays open.
 */
function block(): void {
  load = setInterval(() => {
    for (const end = performance.now() + BLOCKED_MS; performance.now() < end; );
  }, 20);
  for (let core = 0; core < availableParallelism(); core++) burners.push(new Worker("for (;;);", { eval: true }));
}

async function unblock(): Promise<void> {
  clearInterval(load);
  await Promise.all(burners.splice(0).map((burner) => burner.terminate()));
}

async function readyz(): Promise<string> {
  const response = await fetch(`${server.url}/readyz`);
  return `${response.status} ${await response.text()}`;
}

const isReady = async () => (await readyz()) === "200 ready\n";

test("a process whose own work delays ticks refuses new players, and admits them again afterwards", async () => {
  const token = await server.tokens.sign(newPlayerId());
  // Both clients join at once, because on a slow machine the joins themselves delay ticks.
  const [here, known] = await Promise.all([joinWithSdk(server), joinWithSdk(server, {}, token)]);
  await until(isReady);
  block();
  await until(() => admission.blockedReason, 30_000);

  const join = () => server.client().joinOrCreate("world");
  const plain = new PlainPlayer(`${server.wsUrl}/websocket`);
  const [refused, response, readiness, health] = await Promise.all([
    join().catch((error) => error),
    fetch(`${server.url}/matchmake/joinOrCreate/world`, { method: "POST" }),
    readyz(),
    fetch(`${server.url}/healthz`),
    until(() => plain.closed),
  ]);
  expect(refused).toBeInstanceOf(MatchMakeError);
  expect(refused).toMatchObject({ code: ERRORS.busy.code, message: taggedMessage("busy") });
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "10"]);
  expect(plain.errors).toEqual([plainError("busy")]);
  expect(plain.closed!.code).toBe(ERRORS.joinRefused.code);
  expect(readiness).toBe("503 busy: no new players\n");
  // A load balancer with only this server checks /healthz, because current players must be able to reconnect.
  expect(health.status).toBe(200);

  // Returning players add no load: neither by reconnecting nor by taking over.
  let isBack = false;
  here.onReconnect(() => {
    isBack = true;
  });
  cut(here);
  const again = await joinWithSdk(server, {}, token);
  expect(again.sessionId).not.toBe(known.sessionId);
  await until(() => isBack, 30_000);
  expect(admission.blockedReason).toBe("busy");

  await unblock();
  await until(isReady, 30_000);
  await joinWithSdk(server);
});

test("an overloaded process admits new players at once when its last player leaves", async () => {
  const last = await joinWithSdk(server);
  block();
  await until(() => admission.blockedReason, 30_000);
  await last.leave();
  await until(() => matchMaker.stats.local.roomCount === 0);
  expect(admission.refusal(false)).toBeUndefined();
  await joinWithSdk(server);
});
