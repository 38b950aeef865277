// The HTTP routes of the server.
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, jest, test } from "@jest/globals";
import type { Request, Response } from "express";
import { endingAnswers } from "../../../src/http/routes.ts";
import { MONITOR, startServer } from "../../support/server.ts";
import { joinWithSdk } from "../../support/walkers.ts";

const server = startServer({ playground: true });
// The monitor refuses calls that may come from a page of another site.
const PROGRAM = { "sec-fetch-site": "none" };
const basic = (user: string, password: string) => ({
  ...PROGRAM,
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

test.each(["/healthz", "/readyz"])("%s is answered with 200 while the server runs", async (path) => {
  expect((await fetch(server.url + path)).status).toBe(200);
});

test("serves the page at /, and maps with their images", async () => {
  expect(await (await fetch(server.url)).text()).toContain("the page");
  const map = (await (await fetch(`${server.url}/maps/plaza.tmj`)).json()) as { type: string };
  expect(map.type).toBe("map");
  expect((await fetch(`${server.url}/maps/tiles.png`)).headers.get("content-type")).toBe("image/png");
});

test.each([
  "/monitor",
  "/monitor/",
  "/monitor/api",
  "/monitor/api/room?roomId=x",
  "/monitor/api/room/call?roomId=x&method=x&args=%5B%5D",
])("%s requires the monitor's user and password", async (path) => {
  const none = { ...PROGRAM, authorization: "Basic !" };
  for (const headers of [PROGRAM, basic("admin", "wrong"), basic("root", MONITOR.password), none]) {
    const answer = await fetch(server.url + path, { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Basic realm="sabang monitor"/);
  }
});

test("the monitor shows the rooms and the players in them", async () => {
  const client = await joinWithSdk(server, { name: "Ada" });
  const headers = basic(MONITOR.user, MONITOR.password);
  for (const path of ["/monitor", "/monitor/"]) {
    const page = await fetch(server.url + path, { headers });
    expect([page.status, page.url]).toEqual([200, `${server.url}/monitor/`]);
  }
  const list = (await (await fetch(`${server.url}/monitor/api`, { headers })).json()) as {
    rooms: Array<{ roomId: string; clients: number }>;
  };
  expect(list.rooms).toMatchObject([{ roomId: client.roomId, clients: 1 }]);
  const room = await (await fetch(`${server.url}/monitor/api/room?roomId=${client.roomId}`, { headers })).json();
  expect(JSON.stringify(room)).toContain(client.sessionId);
  expect(JSON.stringify(room)).toContain("Ada");
});

test("endingAnswers forwards each write and returns true", () => {
  const write = jest.fn(() => false);
  const next = jest.fn();
  const response = { write } as unknown as Response;
  endingAnswers({} as Request, response, next);
  const done = () => {};
  expect(response.write("a small answer", "latin1", done)).toBe(true);
  expect(write.mock.calls).toEqual([["a small answer", "latin1", done]]);
  expect(next.mock.calls).toEqual([[]]);
});

test("only the monitor's answers are written through endingAnswers", async () => {
  const headers = basic(MONITOR.user, MONITOR.password);
  const isWrapped: boolean[] = [];
  const listen = (_request: IncomingMessage, response: ServerResponse) => {
    const { write } = response;
    response.once("finish", () => isWrapped.push(response.write !== write));
  };
  server.app.httpServer.prependListener("request", listen);
  for (const path of ["/monitor/api", "/healthz"]) {
    expect((await fetch(server.url + path, { headers })).status).toBe(200);
  }
  server.app.httpServer.off("request", listen);
  expect(isWrapped).toEqual([true, false]);
});

test.each(["/playground", "/playground/"])("%s serves the playground when it is on", async (path) => {
  const answer = await fetch(server.url + path);
  expect([answer.status, answer.url]).toEqual([200, `${server.url}/playground/`]);
  expect(await answer.text()).toMatch(/<html/i);
});

test("an unknown path is refused without revealing internals", async () => {
  for (const path of [
    "/nothing",
    "/maps/../package.json",
    "/maps/%2e%2e/package.json",
    "/maps/..%2fpackage.json",
    "/%",
  ]) {
    const answer = await fetch(server.url + path);
    expect([400, 403, 404]).toContain(answer.status);
    expect(await answer.text()).not.toMatch(/node_modules|at .*\.ts|"dependencies"/);
  }
});
