// What the matchmaker keeps and tells is in the server itself. So the framework's faults that take Redis or a second process
// cannot happen here (docs/operating.md lists them).
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { LocalDriver, LocalPresence, matchMaker } from "colyseus";
import { startServer } from "../support/server.ts";
import { joinWithSdk } from "../support/walkers.ts";

let calls = 0;
const redis = createServer(() => calls++);
beforeAll(async () => {
  redis.listen(0, "127.0.0.1");
  await once(redis, "listening");
  const { port } = redis.address() as AddressInfo;
  Object.assign(process.env, { REDIS_URL: `redis://127.0.0.1:${port}`, REDIS_URI: `redis://127.0.0.1:${port}` });
});
afterAll(() => {
  redis.close();
});

const server = startServer();

test("rooms are listed, and told of, in the process alone, whatever Redis the environment names", async () => {
  const room = await joinWithSdk(server);
  expect(matchMaker.driver).toBeInstanceOf(LocalDriver);
  expect(matchMaker.presence).toBeInstanceOf(LocalPresence);
  expect(matchMaker.driver.has(room.roomId)).toBe(true);
  expect(calls).toBe(0);
});
