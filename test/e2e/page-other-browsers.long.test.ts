// Tests the page in Firefox and in WebKit: a player joins, walks, sees others, talks, reconnects, is taken over and
// leaves. On a phone, no text or control may be cut off. Most other tests of the page run only in Chromium.
import { afterEach, describe, expect } from "@jest/globals";
import { builtPage } from "../../src/http/page.ts";
import { type LaggyNetwork, laggyNetwork } from "../support/lag.ts";
import { endBrowsers, type OtherBrowser, type Size, startFirefox, startWebKit } from "../support/other-browsers.ts";
import { PlainPlayer } from "../support/plain.ts";
import { testWith } from "../support/requiring.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const server = startServer({ page: builtPage, seed: 1 });

const PHONE: Size = { width: 390, height: 844 };

let network: LaggyNetwork | undefined;
afterEach(async () => {
  await endBrowsers();
  network?.close();
});

/** Waits until a JavaScript expression is true in the page. */
const shows = (browser: OtherBrowser, expression: string) =>
  until(async () => (await browser.evaluate(`Boolean(${expression})`)) === true, 30_000);

const textOf = (id: string) => `document.getElementById(${JSON.stringify(id)}).textContent`;

describe.each([
  ["Firefox", startFirefox, testWith("firefox")],
  ["WebKit", startWebKit, testWith("webkit")],
] as const)("in %s", (_name, start, test) => {
  test("a player can join, see others, walk, talk, reconnect, rejoin after a takeover, and leave", async () => {
    const bob = await PlainPlayer.join(server.url, "?name=Bob");
    network = await laggyNetwork(server.port, 1);
    const browser = await start();
    await browser.open(`${network.url}?name=Ada`);
    await shows(browser, `Object.values(window.sabang?.players ?? {}).some(({ name }) => name === "Bob")`);
    const id = String(await browser.evaluate("sabang.sessionId"));

    const { x } = JSON.parse(String(await browser.evaluate("JSON.stringify(sabang.self)")));
    await browser.press("ArrowLeft", 400);
    await shows(browser, `sabang.self.x < ${x} && sabang.unacknowledged === 0`);
    expect(await browser.evaluate("sabang.drift")).toBe(0);
    const walkedTo = await browser.evaluate("sabang.self.x");
    await until(() => bob.players.get(id)?.x === walkedTo);

    await browser.press("Enter");
    await browser.type("hello, 안녕");
    await browser.press("Enter");
    await until(() => bob.frames.some((frame) => frame.type === "say" && frame.text === "hello, 안녕"));
    bob.socket.send(JSON.stringify({ type: "say", text: "<b>hi</b>" }));
    await shows(browser, `[...document.querySelectorAll("#bubbles p")].some((p) => p.textContent === "<b>hi</b>")`);

    network.cut();
    await shows(browser, "sabang.reconnects === 1 && sabang.connected");
    expect(await browser.evaluate("sabang.sessionId")).toBe(id);

    const token = String(await browser.evaluate(`localStorage.getItem("colyseus-auth-token")`));
    const elsewhere = await joinWithSdk(server, { name: "Ada" }, token);
    await shows(browser, `${textOf("banner-text")} === "You are playing in another window."`);
    await browser.click("#banner-button");
    await shows(browser, "sabang.connected");
    await until(() => !elsewhere.connection.isOpen);
    expect(await browser.evaluate("sabang.self.x")).toBe(walkedTo);

    await until(() => bob.players.size === 2);
    await browser.closeTab();
    await until(() => bob.players.size === 1);
  }, 120_000);

  test("a player can walk on a phone, and no text or control is cut off there", async () => {
    const browser = await start(PHONE);
    await browser.open(server.url);
    await shows(browser, "window.sabang?.connected && sabang.view");
    expect(await browser.evaluate(`innerWidth + " x " + innerHeight`)).toBe("390 x 844");
    const { x } = JSON.parse(String(await browser.evaluate("JSON.stringify(sabang.self)")));
    await browser.press("ArrowLeft", 300);
    await shows(browser, `sabang.self.x < ${x}`);
    for (const panel of ["map", "players", "lag", "settings"]) {
      await browser.click(`#${panel} > summary`);
      await shows(browser, `document.getElementById("${panel}").open`);
      const cut = await browser.evaluate(`
        [...document.querySelectorAll("header, #status, #chat button, summary, .body, .body :is(button, p, legend, label, dt)")]
          .filter((element) => element.checkVisibility() && !element.closest(".visually-hidden"))
          .filter((element) => {
            const { left, right } = element.getBoundingClientRect();
            // An inline element has a client width of 0.
            const isCut = element.clientWidth > 0 && element.scrollWidth > element.clientWidth;
            return left < 0 || right > innerWidth || isCut;
          })
          .map((element) => element.id || element.textContent)
          .join()`);
      expect([panel, cut]).toEqual([panel, ""]);
    }
  }, 90_000);
});
