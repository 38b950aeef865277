// The HTTP routes of the server.
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, jest, test } from "@jest/globals";
import type { Request, Response } from "express";
import { endingAnswers } from "../../../src/http/routes.ts";
import { MONITOR, startServer } from "../../support/server.ts";
import { joinWithSdk } from "../../support/walkers.ts";

const server = startServer({ playground: true });
// This header proves to the monitor that the request does not come from a page of another site.
const PROGRAM = { "sec-fetch-site": "none" };
const basic = (user: string, password: string) => ({
  ...PROGRAM,
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

test.each(["/healthz", "/readyz"])("%s is answered with 200 while the server runs", async (path) => {
  expect((await fetch(server.url + path)).status).toBe(200);
});

test("the server serves the page at /", async () => {
  expect(await (await fetch(server.url)).text()).toContain("the page");
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

test("the monitor shows all rooms and their players", async () => {
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

test.each(["/monitor", "/MONITOR", "/playground"])(
  "%s redirects to the same path with a trailing slash, even behind a proxy with a path prefix",
  async (path) => {
    const headers = basic(MONITOR.user, MONITOR.password);
    for (const query of ["", "?a=/b/c?d"]) {
      const answer = await fetch(server.url + path + query, { headers, redirect: "manual" });
      const location = answer.headers.get("location")!;
      expect([answer.status, location]).toEqual([302, `${path.slice(1)}/${query}`]);
      // A proxy that exposes the server under the prefix /game removes this prefix from the path of each request.
      const url = new URL(location, `https://play.example.org/game${path}${query}`);
      expect(url.href).toBe(`https://play.example.org/game${path}/${query}`);
    }
  },
);

test("with endingAnswers, response.write forwards its data and returns true, so that the writer does not wait", () => {
  const write = jest.fn(() => false);
  const next = jest.fn();
  const response = { write } as unknown as Response;
  endingAnswers({} as Request, response, next);
  const done = () => {};
  expect(response.write("a small answer", "latin1", done)).toBe(true);
  expect(write.mock.calls).toEqual([["a small answer", "latin1", done]]);
  expect(next.mock.calls).toEqual([[]]);
});

test("only the monitor's routes use endingAnswers", async () => {
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

test.each(["/playground", "/playground/"])("%s serves the playground if the playground is on", async (path) => {
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
