// The socket of a client as the rooms of the authority see it.
import { expect, test } from "@jest/globals";
import { CloseCode } from "colyseus";
import { RemoteSocket } from "../../../src/cluster/remote-socket.ts";

const connection = { open() {}, send() {}, close() {} };

test.each([
  ["sdk", CloseCode.ABNORMAL_CLOSURE],
  ["plain", CloseCode.CONSENTED],
] as const)(
  "the room of a client with the transport %s gets the close code %i if the client's process is lost",
  (transport, expected) => {
    const socket = new RemoteSocket(connection, { transport, address: undefined });
    const codes: number[] = [];
    socket.on("close", (code) => codes.push(code));
    socket.ended(CloseCode.ABNORMAL_CLOSURE);
    socket.ended(CloseCode.ABNORMAL_CLOSURE);
    expect(codes).toEqual([expected]);
  },
);
