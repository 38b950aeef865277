// Tests the page's message and its retries when the server refuses a join or closes the connection.
import { afterEach, expect, jest } from "@jest/globals";
import type { Page } from "playwright-core";
import { ERRORS, taggedMessage } from "../../schema/errors.ts";
import { PROTOCOL_VERSION } from "../../schema/protocol.ts";
import { builtPage } from "../../src/http/page.ts";
import { barriers } from "../support/axe.ts";
import {
  atRest,
  DESKTOP,
  hook,
  idOf,
  joinsOf,
  letAMinutePass,
  nameOf,
  playing,
  startBrowser,
  togglePanel,
  tokenOf,
  walk,
} from "../support/browser.ts";
import { laggyNetwork } from "../support/lag.ts";
import { dataFolder, startProcess } from "../support/process.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

/** The maximum number of joins per minute from one address. One test reaches it; the other tests make fewer joins. */
const JOINS = 50;

const { blank, open, test } = startBrowser();
// The server trusts 127.0.0.1 as a proxy, so that a test can set the address of a page with X-Forwarded-For.
const server = startServer({
  page: builtPage,
  edge: { trustedProxies: ["127.0.0.1"], maxJoinsPerMinute: JOINS },
  // Most pages of these tests send no X-Forwarded-For, so the server warns about it.
  ignoredLog: /has no X-Forwarded-For/,
});

const RESTARTS = "The server is restarting. You will be back in a moment…";

const banner = (page: Page) => page.locator("#banner-text");

/** Waits until the banner shows a text. */
const bannerShows = (page: Page, text: string) =>
  page.waitForFunction((text) => document.getElementById("banner-text")?.textContent === text, text);

afterEach(() => {
  jest.restoreAllMocks();
});

test("the page shows why the server has removed the player, and waits until the user asks to join again", async () => {
  const page = await open(server.url, { clock: true });
  const joins = joinsOf(page);
  for (const [name, text] of [
    ["flooding", "You were disconnected because you sent too many messages."],
    ["slowConsumer", "You were disconnected because your connection could not keep up."],
    ["idle", "You were disconnected because you did not move for a long time."],
    ["kicked", "You were disconnected by the operator of the server."],
  ] as const) {
    const { sessionId } = await hook(page);
    const room = await server.roomOf(sessionId!);
    room.clients.get(sessionId!)!.leave(ERRORS[name].code);
    const button = page.getByRole("button", { name: "Join again" });
    await button.waitFor();
    expect(await banner(page).innerText()).toBe(text);
    // The button has the focus, so that Enter presses it.
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
    joins.length = 0;
    await letAMinutePass(page);
    expect((await hook(page)).connected).toBe(false);
    expect(joins).toEqual([]);
    await page.keyboard.press("Enter");
    await playing(page);
    expect((await hook(page)).sessionId).not.toBe(sessionId);
    expect(await button.isVisible()).toBe(false);
  }
});

test("a page with an outdated protocol version offers to reload, and does not retry", async () => {
  const page = await blank({ clock: true });
  const joins = joinsOf(page);
  let isOutdated = true;
  // Makes the page send the protocol version of an older deployment.
  await page.route("**/matchmake/**", (route) => {
    const join = route.request().postDataJSON();
    return route.continue(isOutdated ? { postData: { ...join, protocol: PROTOCOL_VERSION - 1 } } : {});
  });
  await page.goto(server.url);
  const button = page.getByRole("button", { name: "Reload" });
  await button.waitFor();
  expect(await banner(page).innerText()).toBe("A new version of this page is available.");
  await letAMinutePass(page);
  expect(joins).toEqual([expect.objectContaining({ protocol: PROTOCOL_VERSION })]);
  isOutdated = false;
  await button.click();
  await playing(page);
});

test("the page reports in the user's language that the map in the URL is unknown, and does not retry", async () => {
  const page = await blank({ clock: true, locale: "ko-KR" });
  const joins = joinsOf(page);
  await page.goto(`${server.url}/?map=nowhere`);
  await bannerShows(page, "해당 이름의 맵이 없습니다.");
  await letAMinutePass(page);
  expect(joins).toHaveLength(1);
});

test("the page offers links to the server's maps if the map in the URL is unknown, and the Enter key opens a link", async () => {
  const page = await blank({ locale: "ko-KR" });
  await page.goto(`${server.url}/?name=Mina&map=nowhere`);
  const links = page.getByRole("navigation", { name: "이 서버의 맵" }).getByRole("link");
  await links.first().waitFor();
  expect(await links.allInnerTexts()).toEqual(["meadow", "plaza"]);
  expect(await barriers(page)).toEqual([]);
  expect(await links.first().evaluate((element) => element === document.activeElement)).toBe(true);
  await page.keyboard.press("Enter");
  await playing(page);
  const joined = await hook(page);
  expect((await server.roomOf(joined.sessionId!)).state.map).toBe("meadow");
  expect(nameOf(joined)).toBe("Mina");
  expect(await links.count()).toBe(0);
});

test("the page shows the reason for a temporary refusal, and retries until the server accepts the join", async () => {
  const page = await blank({ clock: true });
  const answers: { status: number; error?: string }[] = [];
  page.on("response", async (response) => {
    if (response.url().includes("/matchmake/")) answers.push({ status: response.status(), ...(await response.json()) });
  });
  // Uses up all joins that the rate limit allows this address.
  const headers = { "x-forwarded-for": "203.0.113.1" };
  for (let count = 0; count < JOINS; count++) {
    await fetch(`${server.url}/auth/anonymous`, { method: "POST", headers });
  }
  // This test simulates a busy and a stopping server. Another test of this file stops a real server, and
  // page-refusals.long.test.ts overloads a real server.
  const blockedReason = jest.spyOn(server.app.admission, "blockedReason", "get").mockReturnValue("busy");
  await page.goto(server.url);
  const stop = async () => blockedReason.mockReturnValue("stopping");
  const exceedLimit = async () => {
    blockedReason.mockRestore();
    await page.setExtraHTTPHeaders(headers);
  };
  for (const [name, text, next] of [
    ["busy", "The server is busy right now. Trying again…", stop],
    ["stopping", RESTARTS, exceedLimit],
    ["tooManyJoins", "Too many joins from your network. Trying again…", () => page.setExtraHTTPHeaders({})],
  ] as const) {
    await bannerShows(page, text);
    const { code } = ERRORS[name];
    await until(() => answers.some(({ status, error }) => status === code && error === taggedMessage(name)));
    await next();
    // Advances the clock by more than the delay before a retry, and by less than the timeout of a join.
    await page.clock.fastForward(10_000);
  }
  await playing(page);
  expect(await banner(page).textContent()).toBe("Connected");
});

test("on a busy server, a player keeps its position after a rename, and keeps its session if the new name is refused", async () => {
  const page = await open(server.url, DESKTOP);
  await walk(page, "ArrowLeft", 250);
  await atRest(page);
  const before = await hook(page);
  const room = await server.roomOf(before.sessionId!);
  // A busy server refuses new players. page-refusals.long.test.ts has a server that is really busy.
  jest.spyOn(server.app.admission, "blockedReason", "get").mockReturnValue("busy");
  await togglePanel(page, "settings");
  const rename = async (name: string) => {
    await page.locator("#name").fill(name);
    await page.getByRole("button", { name: "Change" }).click();
  };
  await rename("a name of more than twenty-four characters");
  await page.waitForFunction(() => document.getElementById("name-error")?.textContent !== "");
  expect(await hook(page)).toMatchObject({ connected: true, sessionId: before.sessionId });

  let fewest = room.state.players.size;
  const step = room.step.bind(room);
  room.step = () => {
    step();
    fewest = Math.min(fewest, room.state.players.size);
  };
  await rename("Mina");
  await page.waitForFunction(() => window.sabang.players[window.sabang.sessionId!]?.name === "Mina");
  const after = await hook(page);
  expect(after.server).toEqual(before.server);
  expect([fewest, room.state.players.size, after.reconnects]).toEqual([1, 1, 0]);
  expect(await page.locator("#name-error").textContent()).toBe("");
  expect((await page.locator("#banner").getAttribute("class")) ?? "").not.toContain("shown");
});

test("the page rejoins with the same player in the same place after a restart of the server", async () => {
  const DATA_DIR = dataFolder();
  // The first signal must make the server drain for longer than a page takes to load. A second signal ends the
  // server.
  const first = startProcess({ DATA_DIR, DRAIN_SECONDS: "60" });
  const network = await laggyNetwork(await first.listening(), 1);
  const page = await open(network.url, { clock: true });
  await walk(page, "ArrowLeft", 300);
  await atRest(page);
  const before = await hook(page);
  const token = await tokenOf(page);

  first.signal("SIGTERM");
  await until(async () => (await fetch(`${network.url}/readyz`)).status === 503);
  const newcomer = await blank();
  const answers: unknown[] = [];
  newcomer.on("response", async (response) => {
    if (!response.url().includes("/matchmake/")) return;
    answers.push({ status: response.status(), ...(await response.json()) });
  });
  await newcomer.goto(network.url);
  await bannerShows(newcomer, RESTARTS);
  await until(() => answers.length >= 2);
  const { code } = ERRORS.stopping;
  for (const answer of answers) expect(answer).toMatchObject({ status: code, error: taggedMessage("stopping") });
  expect(await hook(page)).toMatchObject({ connected: true, sessionId: before.sessionId });
  await newcomer.close();

  first.signal("SIGTERM");
  expect(await first.ended()).toBe(0);
  await bannerShows(page, RESTARTS);
  const second = startProcess({ DATA_DIR });
  network.lead(await second.listening());
  // Advances the clock by more than the delay before a retry, and by less than the timeout of a join.
  await page.clock.fastForward(10_000);
  await playing(page);
  const after = await hook(page);
  expect(after.sessionId).not.toBe(before.sessionId);
  expect(after.server).toEqual(before.server);
  expect(nameOf(after)).toBe(nameOf(before));
  expect(idOf(await tokenOf(page))).toBe(idOf(token));

  // The server in this process has another secret, so it refuses the token.
  network.lead(server.port);
  second.signal("SIGKILL");
  await page.waitForFunction(() => window.sabang.connected && window.sabang.reconnects === 2, null, {
    timeout: 30_000,
  });
  expect(idOf(await tokenOf(page))).not.toBe(idOf(token));
  network.close();
}, 120_000);
