// Checks the private APIs that src/sockets uses, on a live connection. They belong to Node, ws and the framework. A
// version that lacks one of these APIs fails here and not in production. The packages are pinned to exact versions.
import { globSync, readFileSync } from "node:fs";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { beforeAll, expect, test } from "@jest/globals";
import type { Client, Room } from "colyseus";
import { startServer } from "../../support/server.ts";
import { joinWithSdk } from "../../support/walkers.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const server = startServer();

/** The queue of the client's messages during its join, and the framework's client and room on the server. */
let joining: { early: unknown };
let client: Client & Record<string, unknown>;
let room: Omit<
  Room,
  "_reservedSeats" | "_reservedSeatTimeouts" | "_reserveSeat" | "_autoDisposeTimeout" | "_reconnections" | "_onLeave"
> &
  Record<string, unknown>;
/** The WebSocket and the TCP socket of the client. */
let webSocket: Record<string, unknown>;
let tcp: Duplex & Record<string, unknown>;

beforeAll(async () => {
  const first = await joinWithSdk(server);
  room = (await server.roomOf(first.sessionId)) as unknown as typeof room;
  const onJoin = room.onJoin!.bind(room);
  room.onJoin = (client: Client, ...values: [never]) => {
    joining = { early: (client as unknown as Record<string, unknown>)._enqueuedMessages };
    return onJoin(client as never, ...values);
  };
  const second = await joinWithSdk(server);
  client = room.clients.get(second.sessionId) as unknown as typeof client;
  webSocket = client.ref as unknown as typeof webSocket;
  tcp = webSocket._socket as typeof tcp;
});

/** For each private API that src/sockets uses, a function that checks it. */
const APIS: Record<string, () => void> = {
  // Node: src/sockets/direct-io.ts
  _handle: () => expect(tcp._handle).toEqual(expect.any(Object)),
  fd: () => expect((tcp._handle as { fd: number }).fd).toBeGreaterThan(2),
  useUserBuffer: () => expect((tcp._handle as { useUserBuffer: unknown }).useUserBuffer).toEqual(expect.any(Function)),
  kBuffer: () => expect(symbolsOf(tcp)).toContain("kBuffer"),
  kBufferCb: () => expect(symbolsOf(tcp)).toContain("kBufferCb"),
  // ws: src/sockets/fast-socket.ts and limited-socket.ts
  _socket: () => expect(tcp).toBeInstanceOf(Socket),
  _receiver: () => expect(webSocket._receiver).toEqual(expect.any(Object)),
  _state: () => expect((webSocket._receiver as { _state: unknown })._state).toBe(0),
  _bufferedBytes: () => expect((webSocket._receiver as { _bufferedBytes: unknown })._bufferedBytes).toBe(0),
  _fragmented: () => expect((webSocket._receiver as { _fragmented: unknown })._fragmented).toBe(0),
  _closeFrameReceived: () => expect(webSocket._closeFrameReceived).toBe(false),
  setSocket: () => expect(webSocket.setSocket).toEqual(expect.any(Function)),
  // The framework: src/sockets/client-shape.ts and plain-client.ts
  _enqueuedMessages: () => expect(joining.early).toEqual([]),
  _joinedAt: () => expect(client._joinedAt).toEqual(expect.any(Number)),
  // The framework: src/sockets/seats.ts
  _onLeave: () => expect(room._onLeave).toEqual(expect.any(Function)),
  _reconnections: () => expect(room._reconnections).toEqual({}),
  onleave: () => expect((client.ref as unknown as { onleave: unknown }).onleave).toEqual(expect.any(Function)),
  _reservedSeats: () => expect(room._reservedSeats).toEqual({}),
  _reservedSeatTimeouts: () => expect(room._reservedSeatTimeouts).toEqual({}),
  _autoDisposeTimeout: () => expect("_autoDisposeTimeout" in room).toBe(true),
  _reserveSeat: () => expect(room._reserveSeat).toEqual(expect.any(Function)),
  _onTimeout: () => {
    const timer = setTimeout(() => {}, 0) as unknown as Record<string, unknown>;
    expect(timer._onTimeout).toEqual(expect.any(Function));
  },
};

function symbolsOf(object: object): (string | undefined)[] {
  return Object.getOwnPropertySymbols(object).map(({ description }) => description);
}

test.each(Object.keys(APIS))("the private API `%s` exists and is of the expected kind", (name) => APIS[name]!());

test("only src/sockets uses private members of packages, and private-apis.test.ts checks each of them", () => {
  const used = new Map<string, Set<string>>();
  for (const file of globSync("{src,rooms,replay,schema,sim}/**/*.ts", { cwd: ROOT })) {
    const code = readFileSync(ROOT + file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    for (const [, dot, name] of code.matchAll(/(\.?)\b(_[a-z]\w*)/g)) {
      if (APIS[name!]) used.set(name!, (used.get(name!) ?? new Set()).add(file));
      // A name that begins with an underscore and does not follow a dot is an unused parameter.
      else if (dot) throw new Error(`${file} uses ${name}, which is not checked here`);
    }
  }
  const elsewhere = [...used].flatMap(([, files]) => [...files]).filter((file) => !file.startsWith("src/sockets/"));
  expect([...new Set(elsewhere)]).toEqual([]);
  const unused = Object.keys(APIS).filter((name) => name.startsWith("_") && !used.has(name));
  expect(unused).toEqual([]);
});

test("the packages whose private APIs are used are pinned to exact versions", () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8"));
  for (const [name, version] of [
    ["ws", dependencies.ws],
    ["colyseus", dependencies.colyseus],
    ["@colyseus/schema", dependencies["@colyseus/schema"]],
    ["node", devDependencies.node],
  ]) {
    expect(`${name} ${version}`).toMatch(/^\S+ \d+\.\d+\.\d+$/);
  }
});
