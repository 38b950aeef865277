// Tests the page in a real browser behind a proxy that drops WebSocket upgrades. The page must name this cause, and not
// report a lost connection.
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach } from "@jest/globals";
import type { Page } from "playwright-core";
import { builtPage } from "../../src/http/page.ts";
import { playing, startBrowser } from "../support/browser.ts";
import { startServer } from "../support/server.ts";

const { blank, test } = startBrowser();
const server = startServer({ page: builtPage });

const proxies: Server[] = [];
afterEach(() => {
  for (const proxy of proxies.splice(0)) proxy.close().closeAllConnections();
});

/** Passes a request on without the headers that belong to the connection, as most proxies do by default. */
function passOn(from: IncomingMessage, to: ServerResponse): void {
  const { upgrade: _, connection: __, ...headers } = from.headers;
  const passed = request({ port: server.port, host: "127.0.0.1", path: from.url, method: from.method, headers });
  passed.on("response", (answer) => {
    to.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(to);
  });
  passed.on("error", () => to.destroy());
  from.pipe(passed);
}

/** Starts a proxy that drops upgrades. @returns its URL, and a function that makes the proxy pass upgrades on. */
async function startProxy(): Promise<{ url: string; repair: () => void }> {
  const proxy = createServer(passOn).listen(0, "127.0.0.1");
  proxies.push(proxy);
  await once(proxy, "listening");
  const repair = () =>
    proxy.on("upgrade", (from: IncomingMessage, near: Socket) => {
      const far = connect(server.port, "127.0.0.1", () => {
        const lines = from.rawHeaders.map((value, index) => (index % 2 === 0 ? `${value}: ` : `${value}\r\n`));
        far.write(`GET ${from.url} HTTP/1.1\r\n${lines.join("")}\r\n`);
      });
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        one.pipe(other);
        one.on("error", () => other.destroy());
      }
    });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, repair };
}

const TEXTS = {
  "en-US": "A proxy between you and the server blocks WebSockets. Trying again…",
  "ko-KR": "서버 앞의 프록시가 WebSocket 연결을 막고 있습니다. 다시 시도하는 중…",
};

test("behind a proxy that drops WebSocket upgrades, the page names the cause, and joins when the proxy is repaired", async () => {
  // The server's log says once which headers the proxy must pass on.
  server.expectLog(/upgrade/i);
  const { url, repair } = await startProxy();
  const pages: Page[] = [];
  for (const [locale, text] of Object.entries(TEXTS)) {
    const page = await blank({ locale });
    pages.push(page);
    await page.goto(url);
    await page.waitForFunction((text) => document.getElementById("banner-text")?.textContent === text, text);
    if (process.env.SCREENSHOT) await page.screenshot({ path: `test-results/page-proxy-${locale}.png` });
  }
  repair();
  for (const page of pages) await playing(page);
});
