// Tests that a client that keeps sending more than one input per tick gets the notice `tooManyInputs`, at most once in
// ten seconds. The client stays connected.
import { describe, expect, test } from "@jest/globals";
import { InputRates } from "../../rooms/input-rates.ts";
import { ERRORS } from "../../schema/errors.ts";
import type { MoveInput } from "../../schema/move-input.ts";
import { readConfig } from "../../src/config.ts";
import { onlyLong } from "../support/long.ts";
import { drawnMap } from "../support/maps.ts";
import { PlainPlayer, plainError } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const NOTICE = [ERRORS.tooManyInputs.code, ERRORS.tooManyInputs.message];
const server = startServer({
  maps: new Map([["plaza", drawnMap("plaza", [".........", "....s....", "........."])]]),
  edge: { maxMessagesPerSecond: readConfig({}).MAX_MESSAGES_PER_SECOND },
});

/** The framework's input counters for a client that has sent `count` inputs. */
const sentInputs = (count: number) => ({ get: () => ({ size: 0, consumedCount: count }) });

/**
 * Simulates a client, and checks its rate once per second. Returns the seconds in which the client gets a notice.
 * @param sent returns the number of inputs that the client sends in a second.
 */
function noticesTo(sent: (second: number) => number, by: "move" | "input", seconds = 60): number[] {
  const rates = new InputRates(0);
  const client = { sessionId: "a" };
  const notices: number[] = [];
  let predicted = 0;
  for (let second = 1; second <= seconds; second++) {
    if (by === "move") for (let i = 0; i < sent(second); i++) rates.countMove(client);
    else predicted += sent(second);
    if (rates.tooFast([client], sentInputs(predicted), second * 1000).length > 0) notices.push(second);
  }
  return notices;
}

describe.each(["move", "input"] as const)("notices about inputs of the kind `%s`:", (by) => {
  test.each([
    [20, []],
    [30, [21, 42]],
    [60, [6, 16, 26, 36, 46, 56]],
    [120, [3, 13, 23, 33, 43, 53]],
    [144, [2, 12, 22, 32, 42, 52]],
  ])(
    "a client that sends %i inputs per second for a minute gets a notice in each of the seconds %j",
    (perSecond, seconds) => {
      expect(noticesTo(() => perSecond, by)).toEqual(seconds);
    },
  );

  test("a client that sends 180 inputs at once every nine seconds gets no notice", () => {
    expect(noticesTo((second) => (second % 9 === 0 ? 180 : 0), by)).toEqual([]);
  });
});

test("the predicted inputs of a client are counted from 0 again after the client reconnects", () => {
  const rates = new InputRates(0);
  const clients = [{ sessionId: "a" }];
  expect(rates.tooFast(clients, sentInputs(210), 1000)).toEqual([]);
  // A client may send 20 inputs per second. The first connection sent 190 too many, and the new connection 20 too many.
  // The client gets a notice, because the sum is above 200.
  expect(rates.tooFast(clients, sentInputs(40), 2000)).toEqual(clients);
});

/** Calls `send` 144 times per second, in small groups. Returns a function that ends the calls. */
function at144Hz(send: () => void): () => void {
  const since = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    for (; sent < ((performance.now() - since) * 144) / 1000; sent++) send();
  }, 10);
  return () => clearInterval(timer);
}

test("a client that sends 144 inputs per second gets one notice, walks on, and stays connected", async () => {
  const client = await joinWithSdk(server);
  const plain = await PlainPlayer.join(server.url);
  const errors: unknown[] = [];
  let left: number | undefined;
  client.onError((...error) => errors.push(error));
  client.onLeave((code) => {
    left = code;
  });
  const input = client.input<MoveInput>();
  const stops = [
    at144Hz(() => {
      input.data.direction = 2;
      input.send();
    }),
    at144Hz(() => plain.socket.send("left")),
  ];
  await until(() => errors.length > 0 && plain.errors.length > 0, 15_000);
  for (const stop of stops) stop();
  expect([errors, plain.errors]).toEqual([[NOTICE], [plainError("tooManyInputs")]]);
  expect([left, plain.closed]).toEqual([undefined, undefined]);
  expect(client.state.players.get(client.sessionId)!.x).toBeGreaterThan(144);
});

onlyLong(() =>
  test("a client that sends 144 inputs per second for 40 seconds gets a notice every ten seconds", async () => {
    const client = await joinWithSdk(server);
    const told: number[] = [];
    let left: number | undefined;
    client.onError(() => told.push(performance.now()));
    client.onLeave((code) => {
      left = code;
    });
    const stop = at144Hz(() => client.send("move", "left"));
    await new Promise((resolve) => setTimeout(resolve, 40_000));
    stop();
    expect(left).toBeUndefined();
    expect(told.length).toBeGreaterThan(2);
    expect(told.length).toBeLessThanOrEqual(4);
  }, 90_000),
);
