// Tests admission control on a real server. An overloaded process refuses new players and accepts returning ones. It
// admits new players again when the overload ends.
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
import { takeSeat } from "../support/seat.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const MAX_DELAY_MS = 100;
const BLOCKED_MS = 200;

const server = startServer({
  maps: new Map([["plaza", drawnMap("plaza", [".........", "....s....", "........."])]]),
  maxDelayMs: MAX_DELAY_MS,
  // The load is measured in slices of time. This slice is a fifth of the default slice, so each measurement takes a
  // fifth of the time: for example two seconds instead of ten.
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
 * Overloads the process: blocks the event loop for most of the time, and runs one busy thread per core. Admission closes
 * only if the process uses more than 40 % of a core. On a busy machine the event loop alone might stay below that limit,
 * so the threads are necessary.
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

test("a process that is overloaded by its own work refuses new players until the overload ends", async () => {
  const token = await server.tokens.sign(newPlayerId());
  // The clients join at the same time. Joins delay ticks, so a slow machine might refuse a client that joins later.
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
  // /healthz still returns 200. So current players can still reconnect through a load balancer that checks /healthz.
  expect(health.status).toBe(200);

  // Returning players are accepted: one reconnects, and one joins again with its token and takes over its own session.
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

test("an overloaded process admits new players again as soon as its last player has left", async () => {
  const last = await joinWithSdk(server);
  // A seat that no client claims keeps the room open.
  await takeSeat(server.url);
  block();
  await until(() => admission.blockedReason, 30_000);
  await last.leave();
  expect(matchMaker.stats.local.roomCount).toBe(1);
  expect(admission.refusal(false)).toBeUndefined();
  await joinWithSdk(server);
});

test("an overloaded process admits new players at once when its last player is kicked", async () => {
  const kicked = await joinWithSdk(server);
  const room = await server.roomOf(kicked.sessionId);
  block();
  await until(() => admission.blockedReason, 30_000);
  // The connection of a kicked client stays open until the client has answered the close frame.
  room.kick(kicked.sessionId);
  expect(room.clients.length).toBe(1);
  expect(admission.refusal(false)).toBeUndefined();
});
