// A real browser, shared by all tests of a file, and helpers for the page.
import { afterAll, afterEach, beforeAll } from "@jest/globals";
import sparticuz from "@sparticuz/chromium";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { browserPath } from "./browser-path.ts";
import { testWith } from "./requiring.ts";

/** The default window. It is small, because the CPU draws each pixel. */
const SMALL = { width: 640, height: 480 };

/** A laptop's window. */
export const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
/** A phone in portrait orientation. */
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};
/** A phone in landscape orientation. */
export const PHONE_ON_ITS_SIDE: BrowserContextOptions = { ...PHONE, viewport: { width: 844, height: 390 } };

/** Default flags of the npm browser that tests remove. */
const UNWANTED = new Set([
  // A single process would end when the first profile is closed.
  "--single-process",
  // The next two flags turn off the same-origin policy.
  "--disable-web-security",
  "--allow-running-insecure-content",
]);

/** Flags that enable WebGL without a graphics card. */
const WEBGL = new Set([
  "--ignore-gpu-blocklist",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
]);

/** Makes a page draw only every third frame: 20 per second. */
function drawEveryThirdFrame(): void {
  const next = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (draw) => next(() => next(() => next(draw)));
}

/** Options of a page. */
type PageOptions = BrowserContextOptions & {
  /** Whether the test controls the page's time with `page.clock`. */
  clock?: boolean;
};

/**
 * Starts the browser before the tests of a file and closes it after them. Pages are closed after each test. Call it
 * before `startServer`, so that no page rejoins while the server closes its clients.
 * @param webgl whether WebGL is on. Without a graphics card WebGL uses most of the CPU, so by default the game draws on
 * a 2D canvas.
 * @param everyFrame whether pages draw each frame of the screen. By default they draw every third one.
 * @returns functions to open pages, and a `test` that is skipped on a machine that cannot run the browser.
 */
export function startBrowser({ webgl = false, everyFrame = false } = {}) {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: await browserPath(),
      args: [
        ...sparticuz.args.filter((flag) => !UNWANTED.has(flag) && (webgl || !WEBGL.has(flag))),
        ...(webgl ? [] : ["--disable-gpu", "--disable-3d-apis"]),
        "--no-sandbox",
        "--disable-quic",
        // Test sites with other names: over plain http, browsers trust localhost more than other sites.
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

  /** Opens an empty page in a new browser profile. Its language is English by default. */
  const blank = async ({ clock = false, ...options }: PageOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ locale: "en-US", viewport: SMALL, ...options });
    if (clock) await context.clock.install();
    if (!everyFrame) await context.addInitScript(drawEveryThirdFrame);
    // The timeout of a whole test: only a hang exceeds it.
    context.setDefaultTimeout(60_000);
    return context.newPage();
  };
  /** Opens the page in a new browser profile and waits until it is in a room. */
  const open = async (url: string, options: PageOptions = {}): Promise<Page> => {
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

/**
 * Advances a page's clock by a minute, which exceeds the page's longest wait before it rejoins. If it joins, `joinsOf`
 * contains that join when this resolves.
 */
export async function letAMinutePass(page: Page): Promise<void> {
  await page.clock.fastForward(60_000);
  // Requests are reported in order, so all earlier ones are reported when this one is done.
  await page.evaluate(() => fetch("/healthz"));
}

/** Returns the bodies of the join requests that a page sends from now on. The array grows. */
export function joinsOf(page: Page): { protocol?: number }[] {
  const joins: { protocol?: number }[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/matchmake/")) joins.push(request.postDataJSON());
  });
  return joins;
}

/** Returns console messages about content that security headers block on the pages. The array grows. */
export function refusalsOn(...pages: Page[]): string[] {
  const messages: string[] = [];
  for (const page of pages) {
    page.on("console", (message) => {
      if (/Content.Security.Policy|Refused|violates|blocked/i.test(message.text())) messages.push(message.text());
    });
  }
  return messages;
}

/** Returns a copy of the page's test hook. */
export const hook = (page: Page) => page.evaluate(() => ({ ...window.sabang, players: { ...window.sabang.players } }));

/** Returns the own player's name. */
export function nameOf({ players, sessionId }: Awaited<ReturnType<typeof hook>>): string | undefined {
  return players[sessionId!]?.name;
}

/** Returns the token that the SDK has stored for the page. */
export function tokenOf(page: Page): Promise<string> {
  return page.evaluate(() => localStorage.getItem("colyseus-auth-token")!);
}

/** Returns the player id in a token. */
export function idOf(token: string): string {
  return JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()).id;
}

/** Waits until all inputs are acknowledged. */
export async function atRest(page: Page): Promise<void> {
  await page.waitForFunction(() => window.sabang.unacknowledged === 0, null, { timeout: 30_000 });
}

export async function walk(page: Page, key: string, milliseconds: number): Promise<void> {
  await page.keyboard.down(key);
  await page.waitForTimeout(milliseconds);
  await page.keyboard.up(key);
}

/** Sets the sliders of the open lag panel, and waits until the page measures a round trip of `expected` ms. */
export async function setLag(page: Page, roundTrip: number, jitter = 0, expected = roundTrip): Promise<void> {
  await page.locator("#round-trip").fill(String(roundTrip));
  await page.locator("#jitter").fill(String(jitter));
  await page.locator("#game").focus();
  await page.waitForFunction((min) => window.sabang.rtt >= min, expected - 1);
}

/** Opens or closes one of the panels. */
export async function togglePanel(page: Page, panel: "map" | "players" | "lag" | "settings"): Promise<void> {
  await page.locator(`#${panel} > summary`).click();
}
