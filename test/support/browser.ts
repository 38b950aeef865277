// A real browser, one for all tests of a file, and what tests do with the page in it.
import { afterAll, afterEach, beforeAll } from "@jest/globals";
import sparticuz from "@sparticuz/chromium";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { browserPath } from "./browser-path.ts";
import { testWith } from "./requiring.ts";

/** A window like that of a laptop, and a phone held in the hand. */
export const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};
export const PHONE_ON_ITS_SIDE: BrowserContextOptions = { ...PHONE, viewport: { width: 844, height: 390 } };

/**
 * Starts the browser before the tests of a file and closes it after them; pages are closed after each test.
 * @returns the file's own `test`, which skips its tests on a machine that cannot run the browser.
 */
export function startBrowser() {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: await browserPath(),
      // Its single process would end with the first profile that is closed.
      args: [
        ...sparticuz.args.filter((flag) => flag !== "--single-process"),
        "--no-sandbox",
        "--disable-quic",
        // Sites that are not localhost, which browsers trust more than others over plain http.
        "--host-resolver-rules=MAP *.example 127.0.0.1",
        "--disable-background-networking",
      ],
      headless: true,
    });
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });
  afterAll(() => browser.close());

  /** An empty page in a browser profile of its own, which speaks English unless told otherwise. */
  const blank = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 720 }, ...options });
    return context.newPage();
  };
  /** Opens the page in a browser profile of its own and waits until it plays. */
  const open = async (url: string, options: BrowserContextOptions = {}): Promise<Page> => {
    const page = await blank(options);
    await page.goto(url);
    await playing(page);
    return page;
  };
  return { blank, open, test: testWith("browser") };
}

/** Waits until the page is in a room. */
export async function playing(page: Page): Promise<void> {
  await page.waitForFunction(() => window.sabang?.connected && window.sabang.self !== undefined, null, {
    timeout: 60_000,
  });
}

/** What the page says of itself; a copy. */
export const hook = (page: Page) => page.evaluate(() => ({ ...window.sabang, players: { ...window.sabang.players } }));

/** Waits until nothing is under way: all inputs are answered. */
export async function atRest(page: Page): Promise<void> {
  await page.waitForFunction(() => window.sabang.unacknowledged === 0, null, { timeout: 30_000 });
}

export async function walk(page: Page, key: string, milliseconds: number): Promise<void> {
  await page.keyboard.down(key);
  await page.waitForTimeout(milliseconds);
  await page.keyboard.up(key);
}

/** Opens or closes one of the panels. */
export async function togglePanel(page: Page, panel: "map" | "players" | "lag" | "settings"): Promise<void> {
  await page.locator(`#${panel} > summary`).click();
}
