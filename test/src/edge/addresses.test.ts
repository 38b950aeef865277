// Whose request it is.
import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "@jest/globals";
import { Addresses, rateLimitKey } from "../../../src/edge/addresses.ts";

/** As much of a request as addresses are read from. */
const from = (remoteAddress: string, headers: Record<string, string> = {}) =>
  ({ socket: { remoteAddress }, connection: { remoteAddress }, headers }) as unknown as IncomingMessage;

describe("without a proxy that is trusted", () => {
  const addresses = new Addresses([]);

  test("it is the socket's address, whatever the headers say", () => {
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

describe("with a proxy that is trusted", () => {
  const addresses = new Addresses(["10.0.0.0/8", "fd00::/8"]);

  test.each([
    ["it is what the proxy says", "10.0.0.1", "203.0.113.9", "203.0.113.9"],
    [
      "of a chain it is the first that no proxy vouches for",
      "10.0.0.1",
      "192.0.2.66, 203.0.113.9, 10.2.2.2",
      "203.0.113.9",
    ],
    ["a proxy by IPv6 is one, too", "fd00::1", "203.0.113.9", "203.0.113.9"],
    ["mapped to IPv6 it is the same proxy", "::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"],
    ["another client is not trusted", "198.51.100.7", "203.0.113.9", "198.51.100.7"],
    ["nothing said means the proxy itself", "10.0.0.1", "", "10.0.0.1"],
    ["nonsense means the proxy itself", "10.0.0.1", "unknown", "10.0.0.1"],
    ["a port is left out", "10.0.0.1", "203.0.113.9:4711", "203.0.113.9"],
    ["a port after an IPv6 address is left out", "10.0.0.1", "[2001:db8::1]:4711", "2001:db8:0:0::/64"],
  ])("%s", (_what, socket, forwarded, expected) => {
    expect(addresses.of(from(socket, { "x-forwarded-for": forwarded }))).toBe(expected);
  });
});

describe("an address counts for", () => {
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
  ])("%s counts for %s", (address, account) => {
    expect(rateLimitKey(address)).toBe(account);
  });

  test("all addresses of a /64 network count for one, those of the next one for another", () => {
    const ends = ["::", "::1", ":ffff:ffff:ffff:ffff", ":1:2:3:4"];
    expect(new Set(ends.map((end) => rateLimitKey(`2001:db8:1:2${end}`))).size).toBe(1);
    expect(rateLimitKey("2001:db8:1:3::")).not.toBe(rateLimitKey("2001:db8:1:2::"));
  });
});
