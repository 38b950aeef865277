// The address of the client that sent a request, with and without proxies, and the rate limit key of an address.
import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "@jest/globals";
import { Addresses, rateLimitKey } from "../../../src/edge/addresses.ts";

/** Returns a fake request that has only the parts with addresses. */
const from = (remoteAddress: string, headers: Record<string, string> = {}) =>
  ({ socket: { remoteAddress }, connection: { remoteAddress }, headers }) as unknown as IncomingMessage;

describe("no trusted proxy:", () => {
  const addresses = new Addresses([]);

  test("the client's address is the socket's address if no proxy is trusted, whatever the headers say", () => {
    const headers = Object.fromEntries(
      ["x-forwarded-for", "x-real-ip", "x-client-ip", "forwarded", "cf-connecting-ip", "true-client-ip"].map((name) => [
        name,
        "203.0.113.9",
      ]),
    );
    expect(addresses.of(from("198.51.100.7", headers))).toBe("198.51.100.7");
    expect(addresses.isFromProxy(from("127.0.0.1"))).toBe(false);
  });
});

describe("trusted proxies:", () => {
  const addresses = new Addresses(["10.0.0.0/8", "fd00::/8"]);

  test.each([
    ["the client's address is the address in X-Forwarded-For", "10.0.0.1", "203.0.113.9", "203.0.113.9"],
    [
      "in a chain of proxies, the client's address is the last address that does not belong to a trusted proxy",
      "10.0.0.1",
      "192.0.2.66, 203.0.113.9, 10.2.2.2",
      "203.0.113.9",
    ],
    ["a proxy is trusted by its IPv6 address", "fd00::1", "203.0.113.9", "203.0.113.9"],
    ["a proxy is trusted by its IPv4-mapped IPv6 address", "::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["X-Forwarded-For of an untrusted client is ignored", "198.51.100.7", "203.0.113.9", "198.51.100.7"],
    ["the client's address is the proxy's own address if X-Forwarded-For is empty", "10.0.0.1", "", "10.0.0.1"],
    [
      "the client's address is the proxy's own address if X-Forwarded-For is invalid",
      "10.0.0.1",
      "unknown",
      "10.0.0.1",
    ],
    ["the port after an IPv4 address is removed", "10.0.0.1", "203.0.113.9:4711", "203.0.113.9"],
    ["the port after an IPv6 address is removed", "10.0.0.1", "[2001:db8::1]:4711", "2001:db8:0:0::/64"],
  ])("%s", (_what, socket, forwarded, expected) => {
    expect(addresses.of(from(socket, { "x-forwarded-for": forwarded }))).toBe(expected);
  });
});

describe("rate limit keys:", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:0001:2::", "2001:db8:1:2::/64"],
    ["2001:db8::5", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ])("the rate limit key of the address %s is %s", (address, account) => {
    expect(rateLimitKey(address)).toBe(account);
  });

  test("the rate limit key is the same for all addresses of an IPv6 /64 network, and differs between networks", () => {
    const ends = ["::", "::1", ":ffff:ffff:ffff:ffff", ":1:2:3:4"];
    expect(new Set(ends.map((end) => rateLimitKey(`2001:db8:1:2${end}`))).size).toBe(1);
    expect(rateLimitKey("2001:db8:1:3::")).not.toBe(rateLimitKey("2001:db8:1:2::"));
  });
});
