// When a connection closes, the room decides whether the connection was lost. If so, the room holds the client's seat
// for a reconnection. A proxy may close a connection with any code of the WebSocket protocol.
import { expect, test } from "@jest/globals";
import { ERRORS } from "../../schema/errors.ts";
import { RawConnection } from "../support/raw.ts";
import { RawPlayer } from "../support/raw-player.ts";
import { pathOf, takeSeat } from "../support/seat.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const server = startServer({ edge: { maxMessagesPerSecond: 100 } });

/** Joins, and returns the raw connection of the player. */
async function joinRaw(): Promise<{ connection: RawConnection; sessionId: string }> {
  const seat = await takeSeat(server.url);
  const connection = new RawConnection(server.port);
  connection.upgrade(pathOf(seat));
  await until(() => connection.received.length > 300);
  connection.socket.write(frame(2, Buffer.of(10)));
  const room = await server.roomOf(seat.sessionId);
  await until(() => room.clients.get(seat.sessionId)?.state === 1);
  return { connection, sessionId: seat.sessionId };
}

/** Returns a frame: masked with zeros, as a client may send it, or unmasked, as a server sends it. */
function frame(opcode: number, payload: Uint8Array, isMasked = true): Buffer {
  const header = [0x80 | opcode, (isMasked ? 0x80 : 0) | payload.length];
  return Buffer.concat([Buffer.from(isMasked ? [...header, 0, 0, 0, 0] : header), payload]);
}

const closeFrame = (code: number, isMasked = true) => frame(8, Uint8Array.of(code >> 8, code & 0xff), isMasked);

/**
 * Waits until the player's connection has closed. Returns whether the room then holds the player's seat for a
 * reconnection.
 */
async function isHeld(sessionId: string): Promise<boolean> {
  const room = await server.roomOf(sessionId);
  await until(() => room.clients.get(sessionId) === undefined);
  await new Promise((resolve) => setTimeout(resolve, 50));
  return room.state.players.has(sessionId);
}

test.each([1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 4010])(
  "the room holds the seat of a client whose connection closes with code %d",
  async (code) => {
    const { connection, sessionId } = await joinRaw();
    connection.socket.end(closeFrame(code));
    expect([code, await isHeld(sessionId)]).toEqual([code, true]);
  },
);

test.each([
  ["the client's connection breaks", (connection: RawConnection) => connection.socket.destroy()],
  ["a close frame has no code", (connection: RawConnection) => connection.socket.end(frame(8, Buffer.alloc(0)))],
  [
    "a proxy sends its own close frame, which is unmasked",
    ({ socket }: RawConnection) => socket.end(closeFrame(1001, false)),
  ],
  ["a connection ends within a frame", ({ socket }: RawConnection) => socket.end(Buffer.of(0x82, 0x85, 0))],
])("the room holds a client's seat if %s", async (_what, end) => {
  const { connection, sessionId } = await joinRaw();
  end(connection);
  expect(await isHeld(sessionId)).toBe(true);
});

test.each([1000, 3000, 4000, 4999])(
  "the room holds no seat for a client that closes its connection with code %d",
  async (code) => {
    const player = await RawPlayer.join(server.url, {});
    const room = await server.roomOf(player.seat.sessionId);
    player.socket.close(code);
    await until(() => !room.state.players.has(player.seat.sessionId), 5000);
  },
);

/** Bytes from a client that make the server close the connection: a description, the bytes and the close code. */
const FAULTS: [string, Buffer, number][] = [
  ["an invalid frame", frame(2, Buffer.of(99)), ERRORS.badFrame.code],
  ["a frame that is too large", Buffer.concat([Buffer.of(0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0), Buffer.alloc(70)]), 1009],
  ["a flood", Buffer.concat(Array.from({ length: 3000 }, () => frame(2, Buffer.of(18)))), ERRORS.flooding.code],
];

test.each(FAULTS)(
  "the room holds no seat for a client that sends %s, even if the client answers the close frame with code 1001",
  async (_what, sent, code) => {
    const { connection, sessionId } = await joinRaw();
    const room = await server.roomOf(sessionId);
    connection.socket.write(sent);
    await until(() => connection.received.includes(String.fromCharCode(code >> 8, code & 0xff)));
    connection.socket.end(closeFrame(1001));
    await until(() => !room.state.players.has(sessionId), 5000);
  },
);

test.each(FAULTS)(
  "the room holds no seat for a client that sends %s, even if the client reconnects before its connection has closed",
  async (_what, sent, code) => {
    const { connection, sessionId } = await joinRaw();
    const room = await server.roomOf(sessionId);
    const { reconnectionToken } = room.clients.get(sessionId)!;
    connection.socket.write(sent);
    await until(() => connection.received.includes(String.fromCharCode(code >> 8, code & 0xff)));
    expect(room.clients.get(sessionId)).toBeDefined();
    const back = server.client().reconnect(`${room.roomId}:${reconnectionToken}`);
    await expect(back).rejects.toMatchObject({ code: 524 });
    expect(room.state.players.has(sessionId)).toBe(false);
  },
);

test("a room with a held seat ends even if disconnect() is called a second time while the room is ending", async () => {
  const [lost, present] = [await joinRaw(), await joinRaw()];
  const room = await server.roomOf(present.sessionId);
  lost.connection.socket.destroy();
  await until(() => room.clients.get(lost.sessionId) === undefined);
  let isDisposed = false;
  const dispose = room.onDispose.bind(room);
  room.onDispose = async () => {
    await dispose();
    isDisposed = true;
  };
  room.disconnect(ERRORS.replaced.code);
  await new Promise((resolve) => setTimeout(resolve, 50));
  room.disconnect(ERRORS.serverShutdown.code);
  await until(() => isDisposed);
});
