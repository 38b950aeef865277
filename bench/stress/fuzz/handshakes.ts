// Invalid and hostile WebSocket upgrade requests.

import type { Random } from "../../../sim/random.ts";
import { UPGRADE_KEY, upgradeRequest } from "../../harness/upgrade-request.ts";

const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)]!;

const PATHS = ["/websocket", "/", "/abc/def?sessionId=abc", "/nowhere"];

/** Functions by name. Each builds the text of one request. */
export const BAD_HANDSHAKES: Readonly<Record<string, (random: Random) => string>> = {
  "no key": (random) => upgradeRequest(pick(random, PATHS)).replace(/Sec-WebSocket-Key.*\r\n/, ""),
  "invalid key": (random) =>
    upgradeRequest(pick(random, PATHS)).replace(UPGRADE_KEY, pick(random, ["", "x", "=".repeat(24), "A".repeat(5000)])),
  "invalid version": (random) =>
    upgradeRequest(pick(random, PATHS)).replace(
      "Version: 13",
      `Version: ${pick(random, ["0", "8", "12", "99", "x", "13, 8", "-1"])}`,
    ),
  "other Upgrade protocol": (random) =>
    upgradeRequest(pick(random, PATHS)).replace(
      "Upgrade: websocket",
      `Upgrade: ${pick(random, ["h2c", "", "websocket2", "TLS/1.0", "websocket, h2c"])}`,
    ),
  "other method": (random) =>
    upgradeRequest(pick(random, PATHS)).replace(
      "GET",
      pick(random, ["POST", "PUT", "OPTIONS", "HEAD", "DELETE", "TRACE", "PROPFIND"]),
    ),
  CONNECT: () => "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n",
  "HTTP 1.0": (random) => upgradeRequest(pick(random, PATHS)).replace("HTTP/1.1", "HTTP/1.0"),
  "duplicate headers": (random) =>
    upgradeRequest(
      pick(random, PATHS),
      `Sec-WebSocket-Key: ${UPGRADE_KEY}\r\nUpgrade: websocket\r\nHost: x\r\nOrigin: a\r\nOrigin: b\r\n`,
    ),
  "invalid extensions": (random) =>
    upgradeRequest(
      pick(random, PATHS),
      `Sec-WebSocket-Extensions: ${pick(random, ["permessage-deflate; client_max_window_bits=99", 'permessage-deflate; server_max_window_bits="8"; x', ";;;", ",", "a=", "permessage-deflate,".repeat(200)])}\r\n`,
    ),
  "invalid subprotocols": (random) =>
    upgradeRequest(
      pick(random, PATHS),
      `Sec-WebSocket-Protocol: ${pick(random, ["", ",", "a b", "a,a", "@", "__proto__"])}\r\n`,
    ),
  "hostile Origin": (random) =>
    upgradeRequest(
      pick(random, PATHS),
      `Origin: ${pick(random, ["null", "http://", "file://", "http://a:b@c", "http://[::", "\xff\xfe", "javascript:alert(1)", "__proto__"])}\r\n`,
    ),
  "hostile Host": (random) =>
    upgradeRequest(pick(random, PATHS)).replace(
      "Host: 127.0.0.1",
      `Host: ${pick(random, ["\xff", "http://x", "a/b", "x?y", "__proto__"])}`,
    ),
  "hostile forwarding headers": (random) =>
    upgradeRequest(
      pick(random, PATHS),
      `X-Forwarded-For: ${pick(random, ["", "x", "::::", "1.2.3.4,".repeat(300), "999.1.1.1", "__proto__", "127.0.0.1, \xff"])}\r\nX-Real-IP: ${pick(random, ["__proto__", "1", ""])}\r\n`,
    ),
  "nonexistent room": (random) =>
    upgradeRequest(
      `/${pick(random, ["x", "__proto__", "matchmake"])}/${pick(random, ["__proto__", "constructor", "toString", "hasOwnProperty", "x", "-", "_".repeat(3000)])}?sessionId=${pick(random, ["", "a", "__proto__", "constructor", "%00", "%"])}${pick(random, ["", "&reconnectionToken=__proto__", "&reconnectionToken=", "&skipHandshake=1", "&_authToken=x.y.z"])}`,
    ),
  "nonexistent session": (random) =>
    upgradeRequest(`/?sessionId=${pick(random, ["__proto__", "a", "%ff", "1".repeat(2000)])}`),
  "hostile path": (random) =>
    upgradeRequest(
      pick(random, [
        "//",
        "///websocket",
        "/websocket/",
        "/websocket/..",
        "/websocket%00",
        "/../websocket",
        "http://evil/websocket",
        "ws://evil/websocket",
        "*",
        "/%",
        "/\xff/\xff",
        "/a/b/c",
        "/ab/cd#x",
        `/${"a".repeat(9000)}`,
        "/websocket#",
        "/WEBSOCKET",
      ]),
    ),
  "hostile options": (random) => {
    const name = pick(random, [
      "__proto__",
      "name",
      "map",
      "arrival",
      "arrivals",
      "constructor",
      "token",
      "sessionId",
      "maps",
      "seed",
      "places",
      "identify",
      "sessions",
      "reconnectionSeconds",
    ]);
    const value = pick(random, [
      "",
      "%00",
      "%",
      "%ff",
      "%E2%80%AE",
      "x".repeat(4000),
      "__proto__",
      "plaza",
      "null",
      "[object Object]",
      "..%2f..%2fetc",
      "%F0%9F%98%80".repeat(24),
    ]);
    return upgradeRequest(`/websocket?${name}=${value}${random(2) ? `&${name}=${value}` : ""}`);
  },
  "hundreds of options": () =>
    upgradeRequest(`/websocket?${Array.from({ length: 900 }, (_, i) => `a${i}=${i}`).join("&")}`),
  "header too long": () => upgradeRequest("/websocket", `X-Long: ${"x".repeat(20_000)}\r\n`),
  "too many headers": () =>
    upgradeRequest("/websocket", Array.from({ length: 1500 }, (_, i) => `X${i}: ${i}\r\n`).join("")),
  truncated: (random) => upgradeRequest(pick(random, PATHS)).slice(0, 20 + random(100)),
  "random bytes": (random) => Array.from({ length: 1 + random(300) }, () => String.fromCharCode(random(256))).join(""),
  TLS: () => `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${"\x7f".repeat(500)}`,
  "HTTP 2": () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
};
