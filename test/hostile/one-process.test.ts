// The known faults of the framework that take Redis or a second process (docs/operating.md lists them): B7, B8 and B9 cannot
// happen, since what the matchmaker keeps and tells is in the server itself.
import { expect, test } from "@jest/globals";
import { LocalDriver, LocalPresence, matchMaker } from "colyseus";
import { startServer } from "../support/server.ts";
import { joinWithSdk } from "../support/walkers.ts";

const server = startServer();

test("B7, B8, B9: rooms are listed, and told of, in the process alone", async () => {
  const room = await joinWithSdk(server);
  expect(matchMaker.driver).toBeInstanceOf(LocalDriver);
  expect(matchMaker.presence).toBeInstanceOf(LocalPresence);
  expect(matchMaker.driver.has(room.roomId)).toBe(true);
});
