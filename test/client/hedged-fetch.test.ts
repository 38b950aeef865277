// Tests a fetch that sends its request again while earlier requests are still open. The test's server answers each
// request differently.
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { hedgedFetch } from "../../client/hedged-fetch.ts";
import { until } from "../support/until.ts";

let server: Server | undefined;
afterEach(() => server?.close().closeAllConnections());

/**
 * Starts a server. `answer` is called with the number of each request, counted from 1.
 * @returns the URL, and a list to which each request adds its response.
 */
async function serve(answer: (number: number, response: ServerResponse) => void) {
  const responses: ServerResponse[] = [];
  server = createServer((_, response) => answer(responses.push(response), response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, responses };
}

test("hedgedFetch returns a late answer to its first request, and aborts the later requests", async () => {
  const { url, responses } = await serve((number) => {
    if (number === 3) responses[0]!.end("first");
  });
  const response = await hedgedFetch([url], { againMs: 50, limitMs: 10_000 });
  expect(await response.text()).toBe("first");
  await until(() => responses.slice(1).every(({ closed }) => closed));
});

test("hedgedFetch sends its request again if the first request gets no answer", async () => {
  const { url, responses } = await serve((number, response) => number === 2 && response.end("second"));
  const response = await hedgedFetch([url, { method: "POST", body: "{}" }], { againMs: 50, limitMs: 10_000 });
  expect([await response.text(), responses[1]!.req.method]).toEqual(["second", "POST"]);
});

test("hedgedFetch rejects with a timeout if no answer arrives, or if the body of the answer does not end", async () => {
  const silent = await serve(() => {});
  const limits = { againMs: 50, limitMs: 120 };
  await expect(hedgedFetch([silent.url], limits)).rejects.toMatchObject({ name: "TimeoutError" });
  server!.close().closeAllConnections();
  const { url } = await serve((_, response) => void response.write("half"));
  const response = await hedgedFetch([url], limits);
  await expect(response.text()).rejects.toMatchObject({ name: "TimeoutError" });
});

test("hedgedFetch rejects at once if the server refuses the connection", async () => {
  const { url } = await serve(() => {});
  server!.close();
  await expect(hedgedFetch([url], { againMs: 10_000, limitMs: 10_000 })).rejects.toThrow("fetch failed");
});
