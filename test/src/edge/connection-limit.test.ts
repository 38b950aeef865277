// Tests the connection limit of an address while its clients replace their connections.
import { expect, test } from "@jest/globals";
import { ConnectionLimit } from "../../../src/edge/connection-limit.ts";

const ADDRESS = "203.0.113.1";
const yes = () => true;
const no = () => false;

test("the connections of an address never exceed twice its limit, even if each new connection replaces an old one", async () => {
  const limit = new ConnectionLimit(2);
  for (const sessionId of ["a", "b"]) (await limit.reserve(ADDRESS, no))!.succeeded(sessionId, 60);
  expect(await limit.reserve(ADDRESS, no)).toBeUndefined();
  for (const sessionId of ["c", "d"]) (await limit.reserve(ADDRESS, yes))!.succeeded(sessionId, 60);
  expect(await limit.reserve(ADDRESS, yes)).toBeUndefined();
  expect(limit.count(ADDRESS)).toBe(4);
  // The limit accepts the WebSockets of these seats, and refuses any other WebSocket.
  expect(["a", "b", "c", "d"].map((sessionId) => limit.open(ADDRESS, sessionId, no))).toEqual(Array(4).fill(true));
  expect(limit.open(ADDRESS, undefined, yes)).toBe(false);
});

test("concurrent joins that replace connections never bring an address above twice its limit", async () => {
  const limit = new ConnectionLimit(1);
  const joins = await Promise.all(Array.from({ length: 5 }, () => limit.reserve(ADDRESS, async () => true)));
  expect(joins.filter(Boolean)).toHaveLength(2);
});
