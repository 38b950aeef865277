// Tests that the matchmaker keeps the list of rooms in this process, without Redis. So the framework's bugs with Redis
// or several processes cannot occur here. docs/operating.md lists these bugs.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { LocalDriver, LocalPresence, matchMaker } from "colyseus";
import { startServer } from "../support/server.ts";
import { joinWithSdk } from "../support/walkers.ts";

let connections = 0;
const redis = createServer(() => connections++);
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

test("the matchmaker uses the local driver and presence, even if the environment names a Redis server", async () => {
  const room = await joinWithSdk(server);
  expect(matchMaker.driver).toBeInstanceOf(LocalDriver);
  expect(matchMaker.presence).toBeInstanceOf(LocalPresence);
  expect(matchMaker.driver.has(room.roomId)).toBe(true);
  expect(connections).toBe(0);
});
