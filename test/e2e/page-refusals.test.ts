// The page when the server will not have it, in a real browser: what it says, and whether it comes back by itself.
import { afterEach, expect, jest } from "@jest/globals";
import type { Page } from "playwright-core";
import { ERRORS, taggedMessage } from "../../schema/errors.ts";
import { PROTOCOL_VERSION } from "../../schema/protocol.ts";
import { builtPage } from "../../src/http/page.ts";
import {
  atRest,
  hook,
  idOf,
  joinsOf,
  letAMinutePass,
  nameOf,
  playing,
  startBrowser,
  tokenOf,
  walk,
} from "../support/browser.ts";
import { laggyNetwork } from "../support/lag.ts";
import { onlyLong } from "../support/long.ts";
import { dataFolder, startProcess } from "../support/process.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

/** More than the other tests of this file take. */
const JOINS = 50;

const { blank, open, test } = startBrowser();
// Whoever comes from 127.0.0.1 is a proxy here, so that a page can be somebody else.
const server = startServer({ page: builtPage, edge: { trustedProxies: ["127.0.0.1"], maxJoinsPerMinute: JOINS } });

const RESTARTS = "The server restarts. You will be back in a moment…";

const banner = (page: Page) => page.locator("#banner-text");

/** Waits until the page says something. */
const saying = (page: Page, sentence: string) =>
  page.waitForFunction((text) => document.getElementById("banner-text")?.textContent === text, sentence);

afterEach(() => {
  jest.restoreAllMocks();
});

test("closed for something that its user has done, it says so, stays away, and joins again when its user says so", async () => {
  const page = await open(server.url, { clock: true });
  const joins = joinsOf(page);
  for (const [name, sentence] of [
    ["flooding", "You sent more than the server takes."],
    ["slowConsumer", "Your connection could not keep up."],
    ["idle", "You stood still for a long time, so you were taken out."],
  ] as const) {
    const { sessionId } = await hook(page);
    const room = await server.roomOf(sessionId!);
    room.clients.get(sessionId!)!.leave(ERRORS[name].code);
    const button = page.getByRole("button", { name: "Join again" });
    await button.waitFor();
    expect(await banner(page).innerText()).toBe(sentence);
    // Who waited at the keyboard can go on there.
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

test("a page of another version is refused: it offers to reload, and does not try again", async () => {
  const page = await blank({ clock: true });
  const joins = joinsOf(page);
  let isOutdated = true;
  // The page of a deploy ago, as it is on the wire.
  await page.route("**/matchmake/**", (route) => {
    const join = route.request().postDataJSON();
    return route.continue(isOutdated ? { postData: { ...join, protocol: PROTOCOL_VERSION - 1 } } : {});
  });
  await page.goto(server.url);
  const button = page.getByRole("button", { name: "Reload" });
  await button.waitFor();
  expect(await banner(page).innerText()).toBe("There is a new version of this page.");
  await letAMinutePass(page);
  expect(joins).toEqual([expect.objectContaining({ protocol: PROTOCOL_VERSION })]);
  isOutdated = false;
  await button.click();
  await playing(page);
});

test("a map that is not there is told, once, in the page's language", async () => {
  const page = await blank({ clock: true, locale: "ko-KR" });
  const joins = joinsOf(page);
  await page.goto(`${server.url}/?map=nowhere`);
  await saying(page, "그런 이름의 맵은 없습니다.");
  await letAMinutePass(page);
  expect(joins).toHaveLength(1);
});

test("refused for now it says why, and tries again by itself until it is let in", async () => {
  const page = await blank({ clock: true });
  const answers: { status: number; error?: string }[] = [];
  page.on("response", async (answer) => {
    if (answer.url().includes("/matchmake/")) answers.push({ status: answer.status(), ...(await answer.json()) });
  });
  // All joins of an address.
  const headers = { "x-forwarded-for": "203.0.113.1" };
  for (let count = 0; count < JOINS; count++) {
    await fetch(`${server.url}/auth/anonymous`, { method: "POST", headers });
  }
  // A server that stops in earnest is below, and one that is busy in earnest in page-refusals.long.test.ts.
  const blockedReason = jest.spyOn(server.app.admission, "blockedReason", "get").mockReturnValue("busy");
  await page.goto(server.url);
  const stop = async () => blockedReason.mockReturnValue("stopping");
  const useUp = async () => {
    blockedReason.mockRestore();
    await page.setExtraHTTPHeaders(headers);
  };
  for (const [name, says, next] of [
    ["busy", "The server takes in nobody new at the moment. Trying again…", stop],
    ["stopping", RESTARTS, useUp],
    ["tooManyJoins", "Too many joins from your network. Trying again…", () => page.setExtraHTTPHeaders({})],
  ] as const) {
    await saying(page, says);
    const { code } = ERRORS[name];
    await until(() => answers.some(({ status, error }) => status === code && error === taggedMessage(name)));
    await next();
    // More than it waits before it tries again, less than a join may take.
    await page.clock.fastForward(10_000);
  }
  await playing(page);
  expect(await banner(page).textContent()).toBe("back");
});

onlyLong(() => {
  test("a server that stops lets no page in, and the next one has the player back where it stood; one without its data has a new player", async () => {
    const DATA_DIR = dataFolder();
    // Longer than any page takes to load; a second signal ends it.
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
    newcomer.on("response", async (answer) => {
      if (answer.url().includes("/matchmake/")) answers.push({ status: answer.status(), ...(await answer.json()) });
    });
    await newcomer.goto(network.url);
    await saying(newcomer, RESTARTS);
    await until(() => answers.length >= 2);
    const { code } = ERRORS.stopping;
    for (const answer of answers) expect(answer).toMatchObject({ status: code, error: taggedMessage("stopping") });
    expect(await hook(page)).toMatchObject({ connected: true, sessionId: before.sessionId });
    await newcomer.close();

    first.signal("SIGTERM");
    expect(await first.ended()).toBe(0);
    await saying(page, RESTARTS);
    const second = startProcess({ DATA_DIR });
    network.lead(await second.listening());
    // More than it waits before it tries again, less than a join may take.
    await page.clock.fastForward(10_000);
    await playing(page);
    const after = await hook(page);
    expect(after.sessionId).not.toBe(before.sessionId);
    expect(after.server).toEqual(before.server);
    expect(nameOf(after)).toBe(nameOf(before));
    expect(idOf(await tokenOf(page))).toBe(idOf(token));

    // This one has another secret, and knows nothing of the token.
    network.lead(server.port);
    second.signal("SIGKILL");
    await page.waitForFunction(() => window.sabang.connected && window.sabang.reconnects === 2, null, {
      timeout: 30_000,
    });
    expect(idOf(await tokenOf(page))).not.toBe(idOf(token));
    network.close();
  }, 120_000);
});
