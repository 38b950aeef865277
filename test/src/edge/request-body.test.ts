// The size and time limits of request bodies, tested with fake requests.
import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import { expect, jest, test } from "@jest/globals";
import { readBody } from "../../../src/edge/request-body.ts";

/** Creates a fake request. A test sends its body by emitting events. */
function arriving(headers: Record<string, string> = {}) {
  const socket = { destroyed: false, destroy: () => Object.assign(socket, { destroyed: true }) };
  const request = Object.assign(new EventEmitter(), { headers, complete: false, socket });
  return { request, socket, body: readBody(request as unknown as IncomingMessage) };
}

test("readBody reads a body of 16 kB completely", async () => {
  const { request, body } = arriving();
  for (let i = 0; i < 4; i++) request.emit("data", Buffer.alloc(4096, "x"));
  request.emit("end");
  expect(await body).toBe("x".repeat(16_384));
});

test("readBody refuses a body at its first byte beyond 16 kB", async () => {
  const { request, socket, body } = arriving();
  request.emit("data", Buffer.alloc(16_384));
  request.emit("data", Buffer.alloc(1));
  expect(await body).toBeUndefined();
  expect(socket.destroyed).toBe(false);
});

test("readBody refuses too large a Content-Length before any byte of the body has arrived", async () => {
  const { body } = arriving({ "content-length": "16385" });
  expect(await body).toBeUndefined();
});

test("readBody closes the connection when more than 1 MB of a refused body has arrived", async () => {
  const { request, socket, body } = arriving();
  for (let i = 0; i < 16; i++) request.emit("data", Buffer.alloc(65_536));
  expect(await body).toBeUndefined();
  expect(socket.destroyed).toBe(false);
  request.emit("data", Buffer.alloc(1));
  expect(socket.destroyed).toBe(true);
});

test("readBody closes the connection if a refused body does not end within a second", async () => {
  jest.useFakeTimers();
  try {
    const { request, socket, body } = arriving();
    request.emit("data", Buffer.alloc(16_385));
    expect(await body).toBeUndefined();
    jest.advanceTimersByTime(999);
    expect(socket.destroyed).toBe(false);
    jest.advanceTimersByTime(1);
    expect(socket.destroyed).toBe(true);
  } finally {
    jest.useRealTimers();
  }
});

test("readBody throws when the connection closes before the body ends", async () => {
  const { request, body } = arriving();
  request.emit("data", Buffer.alloc(10));
  request.emit("close");
  await expect(body).rejects.toThrow("the connection closed before the request was complete");
});
