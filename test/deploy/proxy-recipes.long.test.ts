// Tests the recipes in docs/operating.md: each of Debian's proxies runs with its recipe in front of a real server.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { errorBody } from "../../schema/errors.ts";
import { startProcess } from "../support/process.ts";
import { type RunningProxy, startProxy } from "../support/proxies.ts";
import { describeWith } from "../support/requiring.ts";
import { until } from "../support/until.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const SECRETS = { MONITOR_PASSWORD: "open sesame, please", JWT_SECRET: "correct horse battery staple, and more" };
// Only pages of the server's own site and of other.example may join, so the server must recognise its own site.
const PRODUCTION = {
  ...SECRETS,
  NODE_ENV: "production",
  TRUST_PROXY: "loopback",
  ALLOWED_ORIGINS: "https://other.example",
};

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

describe.each(["nginx", "haproxy", "apache2"] as const)("the recipe for %s:", (name) => {
  describeWith(name, "with the package from Debian,", () => {
    test("the proxy lets an SDK client and a client on a plain WebSocket play over TLS, and logs no query", async () => {
      const server = startProcess(PRODUCTION);
      const proxy = await startProxy(name, await server.listening());
      const { stdout } = await promisify(execFile)(process.execPath, ["test/deploy/visitor.ts", proxy.url], {
        cwd: ROOT,
        timeout: 40_000,
        env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: proxy.authority } as unknown as NodeJS.ProcessEnv,
      });
      expect(JSON.parse(stdout.trim().split("\n").at(-1)!)).toEqual({
        protocol: "https:",
        known: true,
        facing: [1, 2],
      });
      const log = proxy.accessLog();
      expect(log).toMatch(/POST \/matchmake\/joinOrCreate\/world 200/);
      expect(log).toMatch(/GET \/websocket 101/);
      expect(log).not.toMatch(/sessionId|token|\?/i);
    });

    test("a page can join from the proxy's origin, but not from an unknown host or with another scheme or port", async () => {
      const server = startProcess(PRODUCTION);
      const proxy = await startProxy(name, await server.listening());
      const join = async (origin: string) => {
        const headers = { origin, host: `localhost:${proxy.port}`, "content-type": "application/json" };
        return (await proxy.ask("/matchmake/joinOrCreate/world", { method: "POST", headers, body: "{}" })).status;
      };
      expect(await join(proxy.url)).toBe(200);
      for (const origin of ["https://localhost", `http://localhost:${proxy.port}`, "https://evil.example"])
        expect([origin, await join(origin)]).toEqual([origin, 403]);
      // The server has logged no warning about the proxy.
      expect(server.stdout()).not.toMatch(/TRUST_PROXY|X-Forwarded|Host header/);
    });

    test("the proxy serves the page, hides the paths of operators, and keeps the server's Cache-Control headers", async () => {
      const server = startProcess(PRODUCTION);
      const proxy = await startProxy(name, await server.listening());
      const page = await proxy.ask("/");
      expect([page.status, page.headers["cache-control"]]).toEqual([200, "public, max-age=0"]);
      const asset = /assets\/[\w.-]+\.js/.exec(page.body)![0];
      expect((await proxy.ask(`/${asset}`)).headers["cache-control"]).toBe("public, max-age=31536000, immutable");
      expect((await proxy.ask("/readyz")).headers["cache-control"]).toBe("no-store");
      for (const path of [
        ...["/metrics", "/metrics/", "/METRICS", "//metrics", "/%6detrics", "/./metrics", "/maps/../metrics"],
        ...["/maps/%2e%2e/metrics", "/metrics?x=/healthz", "/monitor", "/monitor/", "/Monitor/api", "//monitor//api"],
        "/playground/",
      ]) {
        const { status, body } = await proxy.ask(path);
        expect([path, status, /sabang_|monitor|colyseus/i.test(body.replaceAll(path, ""))]).toEqual([path, 404, false]);
      }
    });

    test("the proxy tells the server the client's real address, scheme, host and port, and drops forged values", async () => {
      const seen: IncomingHttpHeaders[] = [];
      // This server replaces sabang, to record the headers that the proxy sends.
      const listener = createServer((request, response) => {
        seen.push(request.headers);
        response.end();
      }).listen(0, "127.0.0.1");
      await once(listener, "listening");
      cleanups.push(() => {
        listener.closeAllConnections();
        listener.close();
      });
      const proxy = await startProxy(name, (listener.address() as AddressInfo).port);
      seen.length = 0;
      const host = `localhost:${proxy.port}`;
      const forged = { for: "6.6.6.6", proto: "gopher", host: "evil.example", port: "1" };
      const headers = Object.fromEntries(Object.entries(forged).map(([name, value]) => [`x-forwarded-${name}`, value]));
      await proxy.ask("/", { headers: { ...headers, host } });
      expect(seen).toHaveLength(1);
      expect(seen[0]).toMatchObject({
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "https",
        "x-forwarded-host": host,
        "x-forwarded-port": String(proxy.port),
        host,
      });
    });
  });
});

describeWith("nginx", "nginx without the headers of the recipe:", () => {
  const OWN_HEADERS: [RegExp, string] = [/^ *proxy_set_header (Host|X-Forwarded-(Host|Port)) .*$/gm, ""];
  const join = (proxy: RunningProxy) =>
    proxy.ask("/matchmake/joinOrCreate/world", {
      method: "POST",
      headers: { origin: proxy.url, host: `localhost:${proxy.port}`, "content-type": "application/json" },
      body: "{}",
    });

  test("joins are refused with hostWithoutPort if the `Host` header has no port, unless X-Forwarded-Port has the port", async () => {
    const server = startProcess(PRODUCTION);
    const port = await server.listening();
    const proxy = await startProxy("nginx", port, [
      OWN_HEADERS,
      ["proxy_http_version", "proxy_set_header Host $host; proxy_http_version"],
    ]);
    const { status, body } = await join(proxy);
    expect([status, JSON.parse(body)]).toEqual([403, errorBody("hostWithoutPort")]);
    await until(() => server.stdout().includes("`proxy_set_header Host $http_host`"));

    const host = "proxy_set_header Host $host; proxy_set_header X-Forwarded-Port $server_port; proxy_http_version";
    expect((await join(await startProxy("nginx", port, [OWN_HEADERS, ["proxy_http_version", host]]))).status).toBe(200);
  });

  test("requests get the error upgradeDropped if nginx drops the `Upgrade` header, and the log says how to set the header", async () => {
    const server = startProcess({ ...PRODUCTION, ALLOWED_ORIGINS: "" });
    const proxy = await startProxy("nginx", await server.listening(), [
      [/^ *proxy_set_header (Upgrade|Connection) .*$/gm, ""],
    ]);
    const ca = readFileSync(proxy.authority);
    const status = await new Promise((resolve) => {
      const socket = new WebSocket(`wss://localhost:${proxy.port}/websocket`, { ca });
      socket.on("error", () => {});
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
    });
    const { body } = await proxy.ask("/websocket");
    expect([status, JSON.parse(body)]).toEqual([426, errorBody("upgradeDropped")]);
    await until(() => server.stdout().includes("`proxy_set_header Upgrade $http_upgrade`"));
  });
});
