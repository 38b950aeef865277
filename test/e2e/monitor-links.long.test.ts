// Tests in a real browser that another site cannot use the password that the operator's browser keeps for the monitor.
import { expect } from "@jest/globals";
import { startBrowser } from "../support/browser.ts";
import { MONITOR, startServer } from "../support/server.ts";

const { blank, test } = startBrowser();
const server = startServer();

const OPERATOR = { httpCredentials: { username: MONITOR.user, password: MONITOR.password } };

/**
 * Two host names of the server: a local one and one that is not local. Over plain HTTP, browsers send the Sec-Fetch-*
 * headers only to local hosts.
 */
const HOSTS = ["127.0.0.1", "game.example"] as const;

test.each(HOSTS)(
  "on the host %s, a link from another site cannot call the monitor's API with the operator's stored password",
  async (host) => {
    const { port } = server;
    const monitor = await blank(OPERATOR);
    // After a visit to the monitor, the browser adds the password to every request to this host.
    await monitor.goto(`http://${host}:${port}/monitor`);
    await monitor.getByText("Connections").first().waitFor({ timeout: 30_000 });
    for (const rel of ["", "noreferrer"]) {
      for (const [path, status] of [
        ["api", 403],
        ["", 200],
      ] as const) {
        await monitor.goto(`http://evil.example:${port}/healthz`);
        await monitor.setContent(`<a rel="${rel}" href="http://${host}:${port}/monitor/${path}">Look!</a>`);
        const [response] = await Promise.all([
          monitor.waitForResponse(`http://${host}:${port}/monitor/${path}`),
          monitor.getByText("Look!").click(),
        ]);
        expect([rel, path, response.status()]).toEqual([rel, path, status]);
      }
    }
  },
);
