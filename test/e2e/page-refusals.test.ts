// The page when the server will not have it, in a real browser: what it says, and whether it comes back by itself.
import { expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { ERRORS } from "../../rooms/errors.ts";
import { PROTOCOL_VERSION } from "../../schema/protocol.ts";
import { builtPage } from "../../src/page.ts";
import { hook, playing, startBrowser } from "../support/browser.ts";
import { PlainPlayer } from "../support/plain.ts";
import { dataFolder, type ServerProcess, startProcess } from "../support/process.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const server = startServer({ page: builtPage });
const { blank, open, test } = startBrowser();

const banner = (page: Page) => page.locator("#banner-text");

test.each([
  ["flooding", "You sent more than the server takes."],
  ["notReading", "Your connection could not keep up."],
  ["idle", "You stood still for a long time, so you were taken out."],
] as const)("closed for %s it says so, stays away, and joins again when its user says so", async (name, sentence) => {
  const page = await open(server.url);
  const { sessionId } = await hook(page);
  const room = await server.roomOf(sessionId!);
  const { code } = ERRORS[name];
  room.clients.get(sessionId!)!.leave(code);
  const button = page.getByRole("button", { name: "Join again" });
  await button.waitFor();
  expect(await banner(page).innerText()).toBe(sentence);
  // Who waited at the keyboard can go on there.
  expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
  // Longer than the first two tries of a page that comes back by itself.
  await page.waitForTimeout(2000);
  expect((await hook(page)).connected).toBe(false);
  await page.keyboard.press("Enter");
  await playing(page);
  expect((await hook(page)).sessionId).not.toBe(sessionId);
  expect(await button.isVisible()).toBe(false);
});

test("a page of another version is refused: it offers to reload, and does not try again", async () => {
  const page = await blank();
  let isOutdated = true;
  const joins: { protocol?: number }[] = [];
  // The page of a deploy ago, as it is on the wire.
  await page.route("**/matchmake/**", (route) => {
    const join = route.request().postDataJSON();
    joins.push(join);
    return route.continue(isOutdated ? { postData: { ...join, protocol: PROTOCOL_VERSION - 1 } } : {});
  });
  await page.goto(server.url);
  const button = page.getByRole("button", { name: "Reload" });
  await button.waitFor();
  expect(await banner(page).innerText()).toBe("There is a new version of this page.");
  await page.waitForTimeout(2000);
  expect(joins).toEqual([expect.objectContaining({ protocol: PROTOCOL_VERSION })]);
  isOutdated = false;
  await button.click();
  await playing(page);
});

/** How a server comes to refuse joins: its settings, and what happens to it before the page is opened. */
interface Refusing {
  name: "busy" | "tooManyJoins" | "stopping";
  settings: Record<string, string>;
  /** @returns what ends it, if it goes on. */
  before?: (server: ServerProcess, url: string) => Promise<(() => void) | undefined>;
  says: string;
}
const STALL_MS = 100;
/** Makes a server believe that it uses all of a core: one that really does leaves the browser too little. */
const FULL_CORE = encodeURIComponent("process.cpuUsage = () => ({ user: performance.now() * 1000, system: 0 });");
const isUnready = async (url: string) => (await fetch(`${url}/readyz`)).status === 503;

test.each<Refusing>([
  {
    name: "busy",
    // Stopped over and over again, its ticks are late, and it takes itself for the cause.
    settings: { ADMISSION_MAX_DELAY_MS: "20", NODE_OPTIONS: `--import=data:text/javascript,${FULL_CORE}` },
    before: async (server, url) => {
      await PlainPlayer.join(url);
      const stalls = setInterval(() => {
        server.signal("SIGSTOP");
        setTimeout(() => server.signal("SIGCONT"), STALL_MS);
      }, 5 * STALL_MS);
      await until(() => isUnready(url), 60_000);
      return () => clearInterval(stalls);
    },
    says: "The server takes in nobody new at the moment. Trying again…",
  },
  {
    name: "tooManyJoins",
    // The sign-in is the one.
    settings: { MAX_JOINS_PER_MINUTE: "1" },
    says: "Too many joins from your network. Trying again…",
  },
  {
    name: "stopping",
    // Longer than any page takes to load; a second signal ends it.
    settings: { DRAIN_SECONDS: "60" },
    before: async (server, url) => {
      server.signal("SIGTERM");
      await until(() => isUnready(url));
      return undefined;
    },
    says: "The server restarts. You will be back in a moment…",
  },
])("refused as $name it says so, and tries again by itself until it is let in", async (refusing) => {
  const { name, settings, before, says } = refusing;
  const DATA_DIR = dataFolder();
  const first = startProcess({ DATA_DIR, ...settings });
  const port = await first.listening();
  const url = `http://127.0.0.1:${port}`;
  const end = await before?.(first, url);
  const page = await blank();
  const answers: unknown[] = [];
  page.on("response", async (answer) => {
    if (answer.url().includes("/matchmake/")) answers.push({ status: answer.status(), ...(await answer.json()) });
  });
  await page.goto(url);
  await page.waitForFunction((text) => document.getElementById("banner-text")?.textContent === text, says);
  await until(() => answers.length >= 2);
  const { code, sentence } = ERRORS[name];
  for (const answer of answers) expect(answer).toMatchObject({ status: code, error: sentence });
  // Another server in its place takes everybody in.
  end?.();
  first.signal("SIGTERM");
  expect(await first.ended()).toBe(0);
  await startProcess({ DATA_DIR, PORT: String(port) }).listening();
  await playing(page);
  expect(await banner(page).textContent()).toBe("back");
});

test("a map that is not there is told, once, in the page's language", async () => {
  const page = await blank({ locale: "ko-KR" });
  const joins: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/matchmake/")) joins.push(request.url());
  });
  await page.goto(`${server.url}/?map=nowhere`);
  await page.waitForFunction(
    () => document.getElementById("banner-text")?.textContent === "그런 이름의 맵은 없습니다.",
  );
  await page.waitForTimeout(1500);
  expect(joins).toHaveLength(1);
});
