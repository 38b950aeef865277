// The page in a real browser: two people see each other walk, prediction under lag, lost connections, restarts.
import { mkdirSync } from "node:fs";
import { expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { atRest, hook, startBrowser, walk } from "../support/browser.ts";
import { laggyNetwork } from "../support/lag.ts";
import { dataFolder, startProcess } from "../support/process.ts";
import { until } from "../support/until.ts";

const SHOTS = new URL("../../docs/images/", import.meta.url).pathname;

const PASSWORD = "open sesame, please";

const { blank, open, test } = startBrowser();

test("two pages: one walks, the other sees it", async () => {
  const server = startProcess();
  const url = `http://127.0.0.1:${await server.listening()}`;
  const ada = await open(`${url}/?name=Ada`);
  const mina = await open(`${url}/?name=${encodeURIComponent("Mina 미나")}`);
  const faults: string[] = [];
  for (const page of [ada, mina]) page.on("pageerror", (error) => faults.push(error.message));
  const { sessionId, self } = await hook(ada);
  for (const key of ["ArrowLeft", "ArrowDown", "w", "d"]) await walk(ada, key, 400);
  await walk(mina, "ArrowUp", 300);
  await atRest(ada);
  const after = await hook(ada);
  expect(after.server).toEqual(after.self);
  expect(after.drift).toBe(0);
  expect(self).toBeDefined();
  const { x, y } = after.self!;
  await mina.waitForFunction(
    ([id, x, y]) => {
      const seen = window.sabang.players[id as string];
      return seen?.x === x && seen.y === y;
    },
    [sessionId!, x, y] as const,
  );
  mkdirSync(SHOTS, { recursive: true });
  // README's picture: taken anew with SCREENSHOT=1, so that a plain run leaves the tree as it was.
  if (process.env.SCREENSHOT) await ada.screenshot({ path: `${SHOTS}page.png` });
  await mina.close();
  await until(async () => Object.keys((await hook(ada)).players).length === 1);
  expect(faults).toEqual([]);
});

// To other hosts than localhost browsers say less by plain http, of the page that asks above all.
test.each(["127.0.0.1", "game.example"])(
  "the security headers let the page and the monitor do all they do: %s",
  async (host) => {
    const server = startProcess({ MONITOR_PASSWORD: PASSWORD });
    const url = `http://${host}:${await server.listening()}`;
    const said: string[] = [];
    const page = await open(url);
    const monitor = await blank({ httpCredentials: { username: "admin", password: PASSWORD } });
    // What a policy keeps a page from doing is said on its console. A font from Google may be out of reach here.
    for (const each of [page, monitor]) each.on("console", (line) => said.push(line.text()));
    await page.reload();
    await page.waitForFunction(() => window.sabang?.connected, null, { timeout: 60_000 });
    await monitor.goto(`${url}/monitor`);
    // It lists the room, which its script has asked for.
    await monitor.getByText("world").first().waitFor({ timeout: 30_000 });
    expect(said.filter((line) => /Content.Security.Policy|Refused|violates|blocked/i.test(line))).toEqual([]);
  },
);

test.each(["127.0.0.1", "game.example"])(
  "no link of another site makes the operator's browser call the monitor: %s",
  async (host) => {
    const server = startProcess({ MONITOR_PASSWORD: PASSWORD });
    const port = await server.listening();
    const monitor = await blank({ httpCredentials: { username: "admin", password: PASSWORD } });
    for (const rel of ["", "noreferrer"]) {
      // Who has just used the monitor has its password in the browser, which sends it along by itself.
      await monitor.goto(`http://${host}:${port}/monitor`);
      await monitor.getByText("Connections").first().waitFor({ timeout: 30_000 });
      for (const [path, status] of [
        ["api", 403],
        ["", 200],
      ] as const) {
        await monitor.goto(`http://evil.example:${port}/healthz`);
        await monitor.setContent(`<a rel="${rel}" href="http://${host}:${port}/monitor/${path}">Look!</a>`);
        const [answer] = await Promise.all([
          monitor.waitForResponse(`http://${host}:${port}/monitor/${path}`),
          monitor.getByText("Look!").click(),
        ]);
        expect([rel, path, answer.status()]).toEqual([rel, path, status]);
      }
    }
  },
);

test("with 200 ms of lag the own player moves on the next frame, and prediction is never wrong", async () => {
  const server = startProcess();
  const port = await server.listening();
  const network = await laggyNetwork(port, 100);
  const page = await open(network.url);
  const frames = await page.evaluate(
    () =>
      new Promise<{ shown: number; confirmed: boolean }>((resolve) => {
        const start = window.sabang.self!;
        const confirmedAt = window.sabang.server!;
        let count = 0;
        const look = () => {
          count++;
          const { self, server } = window.sabang;
          if (self!.x === start.x && self!.y === start.y && count < 120) return requestAnimationFrame(look);
          resolve({ shown: count, confirmed: server!.x !== confirmedAt.x || server!.y !== confirmedAt.y });
        };
        requestAnimationFrame(() => {
          window.dispatchEvent(new KeyboardEvent("keydown", { code: "ArrowLeft", key: "ArrowLeft", bubbles: true }));
          requestAnimationFrame(look);
        });
      }),
  );
  await page.evaluate(() =>
    window.dispatchEvent(new KeyboardEvent("keyup", { code: "ArrowLeft", key: "ArrowLeft", bubbles: true })),
  );
  // The server can know nothing of it yet, so what moved was the prediction.
  expect(frames.confirmed).toBe(false);
  expect(frames.shown).toBeLessThanOrEqual(2);
  // Into a wall, along it and against it.
  await page.keyboard.down("ArrowLeft");
  await until(async () => {
    const before = (await hook(page)).self!;
    await page.waitForTimeout(300);
    return (await hook(page)).self!.x === before.x;
  }, 30_000);
  await page.keyboard.up("ArrowLeft");
  for (const key of ["ArrowUp", "ArrowLeft", "ArrowDown", "ArrowLeft"]) await walk(page, key, 700);
  // Over open ground, back and forth.
  for (const key of ["ArrowRight", "ArrowUp", "ArrowRight", "ArrowDown"]) await walk(page, key, 1000);
  await atRest(page);
  const end = await hook(page);
  expect(end.drift).toBe(0);
  expect(end.server).toEqual(end.self);
  network.close();
});

test("a lost connection is told of and comes back by itself, with the same player", async () => {
  const server = startProcess();
  const network = await laggyNetwork(await server.listening(), 1);
  const page = await open(network.url);
  const before = await hook(page);
  network.cut();
  await page.waitForFunction(() => document.body.innerText.includes("reconnecting"), null, { timeout: 30_000 });
  await page.waitForFunction(() => window.sabang.connected && window.sabang.reconnects === 1, null, {
    timeout: 30_000,
  });
  expect((await hook(page)).sessionId).toBe(before.sessionId);
  await walk(page, "ArrowLeft", 300);
  await atRest(page);
  expect((await hook(page)).drift).toBe(0);
  network.close();
});

test("a restarted server is joined again by itself, and the player stands where it stood", async () => {
  const DATA_DIR = dataFolder();
  const first = startProcess({ DATA_DIR });
  const port = await first.listening();
  const page = await open(`http://127.0.0.1:${port}`);
  await walk(page, "ArrowLeft", 500);
  await atRest(page);
  const before = await hook(page);
  first.signal("SIGTERM");
  expect(await first.ended()).toBe(0);
  await page.waitForFunction(() => document.body.innerText.includes("The server restarts."));
  const second = startProcess({ PORT: String(port), DATA_DIR });
  await second.listening();
  await page.waitForFunction(() => window.sabang.connected, null, { timeout: 60_000 });
  const after = await hook(page);
  expect(after.sessionId).not.toBe(before.sessionId);
  expect(after.server).toEqual(before.server);
  expect(nameOf(after)).toBe(nameOf(before));
}, 120_000);

test("a server that knows nothing of the token is joined as somebody new", async () => {
  const first = startProcess();
  const port = await first.listening();
  const page = await open(`http://127.0.0.1:${port}`);
  const token = await tokenOf(page);
  first.signal("SIGKILL");
  await first.ended();
  const second = startProcess({ PORT: String(port) });
  await second.listening();
  await page.waitForFunction(() => window.sabang.connected && window.sabang.reconnects === 1, null, {
    timeout: 30_000,
  });
  expect(idOf(await tokenOf(page))).not.toBe(idOf(token));
});

test("a page that is loaded anew has its player where it stood, and its token renewed", async () => {
  const server = startProcess();
  const page = await open(`http://127.0.0.1:${await server.listening()}`);
  const token = await tokenOf(page);
  await walk(page, "ArrowUp", 400);
  await atRest(page);
  const before = await hook(page);
  await page.reload();
  await page.waitForFunction(() => window.sabang?.connected && window.sabang.self !== undefined);
  const after = await hook(page);
  expect(after.server).toEqual(before.server);
  expect(nameOf(after)).toBe(nameOf(before));
  expect(Object.keys(after.players)).toHaveLength(1);
  expect(idOf(await tokenOf(page))).toBe(idOf(token));
});

test("a second tab takes over; the first one says so, stays away, and can have the player back", async () => {
  const server = startProcess();
  const url = `http://127.0.0.1:${await server.listening()}`;
  const first = await open(url);
  const second = await first.context().newPage();
  await second.goto(url);
  await second.waitForFunction(() => window.sabang?.connected && window.sabang.self !== undefined);
  const button = first.getByRole("button", { name: "Play here" });
  await button.waitFor();
  expect(await first.locator("#banner").innerText()).toContain("You play on in another window.");
  // Longer than the first two tries of a page that comes back by itself.
  await first.waitForTimeout(2500);
  expect((await hook(second)).connected).toBe(true);
  expect(Object.keys((await hook(second)).players)).toHaveLength(1);
  await button.click();
  await first.waitForFunction(() => window.sabang.connected);
  await second.getByRole("button", { name: "Play here" }).waitFor();
  expect(Object.keys((await hook(first)).players)).toHaveLength(1);
  expect(await first.locator("#banner").innerText()).not.toContain("another window");
});

type Hook = Awaited<ReturnType<typeof hook>>;

function nameOf({ players, sessionId }: Hook): string | undefined {
  return players[sessionId!]?.name;
}

/** The token that the SDK keeps for the page. */
function tokenOf(page: Page): Promise<string> {
  return page.evaluate(() => localStorage.getItem("colyseus-auth-token")!);
}

/** The player that a token names. */
function idOf(token: string): string {
  return JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()).id;
}
