// Tests deploy/Caddyfile with a real Caddy in front of a real server. Caddy signs its certificates itself.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { startProcess } from "../support/process.ts";
import { describeWith, runProgram } from "../support/requiring.ts";
import { until } from "../support/until.ts";

const CADDYFILE = new URL("../../deploy/Caddyfile", import.meta.url).pathname;
const ROOT = new URL("../..", import.meta.url).pathname;
const PRODUCTION = {
  NODE_ENV: "production",
  MONITOR_PASSWORD: "open sesame, please",
  JWT_SECRET: "correct horse battery staple, and more",
  TRUST_PROXY: "loopback",
};

let folder: string;
const proxies: ChildProcess[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sabang-caddy-"));
});
afterEach(async () => {
  for (const proxy of proxies.splice(0)) {
    if (proxy.exitCode !== null) continue;
    proxy.kill("SIGKILL");
    await once(proxy, "exit");
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createTcpServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

interface Proxy {
  url: string;
  http: string;
  /** Path of the root certificate that signs the proxy's certificates. */
  authority: string;
  ask(path: string, options?: { method?: string; headers?: Record<string, string>; body?: Buffer }): Promise<Answer>;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Starts Caddy with the unchanged Caddyfile in front of a local port. */
async function startProxy(upstream: number): Promise<Proxy> {
  const [https, http] = (await freePorts(2)) as [number, number];
  const environment = {
    PATH: process.env.PATH,
    HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
    CADDY_ADMIN: "off",
    CADDY_HTTP_PORT: String(http),
    CADDY_HTTPS_PORT: String(https),
    SABANG_HOST: "localhost",
    SABANG_UPSTREAM: `127.0.0.1:${upstream}`,
  } as unknown as NodeJS.ProcessEnv;
  const proxy = spawn("caddy", ["run", "--adapter", "caddyfile", "--config", CADDYFILE], {
    env: environment,
    stdio: ["ignore", "ignore", "pipe"],
  });
  proxies.push(proxy);
  let log = "";
  proxy.stderr!.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const authority = join(folder, "caddy/pki/authorities/local/root.crt");
  const ask: Proxy["ask"] = (path, { method = "GET", headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const ca = readFileSync(authority);
      const sent = request({ host: "localhost", port: https, path, method, headers, ca, agent: false });
      sent.on("response", (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        answer.on("end", () => resolve({ status: answer.statusCode!, headers: answer.headers, body: text }));
      });
      sent.on("error", reject);
      sent.end(body);
    });
  await until(async () => {
    if (proxy.exitCode !== null) throw new Error(`caddy exited:\n${log}`);
    return (
      existsSync(authority) &&
      ask("/healthz").then(
        ({ status }) => status === 200,
        () => false,
      )
    );
  }, 30_000);
  return { url: `https://localhost:${https}`, http: `http://localhost:${http}`, authority, ask };
}

describeWith("caddy", "Caddy with deploy/Caddyfile", () => {
  test("finds nothing to format in deploy/Caddyfile (`caddy fmt`)", () => {
    expect(runProgram("caddy", ["fmt", CADDYFILE]).output).toBe(readFileSync(CADDYFILE, "utf8"));
  });

  test("lets an SDK client and a client on a plain WebSocket play over TLS", async () => {
    const server = startProcess(PRODUCTION);
    const proxy = await startProxy(await server.listening());
    const { stdout } = await promisify(execFile)(process.execPath, ["test/deploy/visitor.ts", proxy.url], {
      cwd: ROOT,
      timeout: 40_000,
      env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: proxy.authority } as unknown as NodeJS.ProcessEnv,
    });
    expect(JSON.parse(stdout.trim().split("\n").at(-1)!)).toEqual({ protocol: "https:", known: true, facing: [1, 2] });
  });

  test("serves the page and /healthz, redirects http to https, and hides the operators' paths", async () => {
    const server = startProcess(PRODUCTION);
    const port = await server.listening();
    const proxy = await startProxy(port);
    const page = await proxy.ask("/");
    expect([page.status, page.headers["strict-transport-security"]]).toEqual([200, "max-age=31536000"]);
    const redirect = await fetch(`${proxy.http}/x`, { redirect: "manual" });
    expect([redirect.status, redirect.headers.get("location")?.startsWith("https://localhost")]).toEqual([308, true]);
    for (const path of [
      "/metrics",
      "/metrics/",
      "/METRICS",
      "//metrics",
      "/%6detrics",
      "/./metrics",
      "/maps/../metrics",
      "/maps/%2e%2e/metrics",
      "/metrics?x=/healthz",
      "/monitor",
      "/monitor/",
      "/Monitor/api",
      "//monitor//api",
      "/playground/",
    ]) {
      const { status, body } = await proxy.ask(path);
      expect([path, status, /sabang_|monitor|colyseus/i.test(body)]).toEqual([path, 404, false]);
    }
    // Direct requests to the server do reach these paths.
    expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/monitor/`)).status).toBe(401);
  });

  test("refuses a request with a large body instead of forwarding it to the server", async () => {
    const server = startProcess(PRODUCTION);
    const proxy = await startProxy(await server.listening());
    const headers = { "content-type": "application/json" };
    const join = (name: string) =>
      proxy.ask("/matchmake/joinOrCreate/world", {
        method: "POST",
        headers,
        body: Buffer.from(JSON.stringify({ name })),
      });
    expect((await join("Ada")).status).toBe(200);
    expect((await join("x".repeat(100_000))).status).toBe(413);
    // The length of this body is unknown, so Caddy forwards the body until it exceeds 100 kB. Caddy 2.6 then answers
    // with 502, and newer versions answer with 413.
    const chunked = await proxy.ask("/matchmake/joinOrCreate/world", {
      method: "POST",
      headers: { ...headers, "transfer-encoding": "chunked" },
      body: Buffer.from(JSON.stringify({ name: "x".repeat(1_000_000) })),
    });
    expect([413, 502]).toContain(chunked.status);
  });

  test("sets the X-Forwarded-* headers itself, and drops the values that a client sent", async () => {
    const seen: IncomingHttpHeaders[] = [];
    // This server replaces sabang, to record the headers that Caddy sends.
    const listener = createServer((request, response) => {
      seen.push(request.headers);
      response.end();
    }).listen(0, "127.0.0.1");
    await once(listener, "listening");
    const proxy = await startProxy((listener.address() as AddressInfo).port);
    seen.length = 0;
    await proxy.ask("/", {
      headers: { "x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "gopher", "x-forwarded-host": "evil" },
    });
    listener.close();
    expect(seen).toHaveLength(1);
    expect(seen[0]!["x-forwarded-for"]).toMatch(/^(127\.0\.0\.1|::1)$/);
    expect(seen[0]!["x-forwarded-proto"]).toBe("https");
    expect(seen[0]!["x-forwarded-host"]).toMatch(/^localhost/);
  });

  test("holds a request while the server restarts, and forwards it to the new server", async () => {
    const first = startProcess(PRODUCTION);
    const port = await first.listening();
    const proxy = await startProxy(port);
    first.signal("SIGTERM");
    await first.ended();
    const answer = proxy.ask("/healthz");
    const second = startProcess({ ...PRODUCTION, PORT: String(port) });
    await second.listening();
    expect((await answer).status).toBe(200);
  });
});
