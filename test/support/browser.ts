// Starts a real browser that all tests of a file share. Also provides helpers for the page.
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

/** Flags that the tests do not use, although the browser from npm has them by default. */
const UNWANTED = new Set([
  // With this flag the browser would end when the first profile is closed.
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

/**
 * Makes a page draw with WebGL until the user selects another renderer in the page's settings. By default, a page on a
 * machine without a graphics card does not use WebGL, because WebGL is slow there.
 */
function chooseWebGl(): void {
  if (location.protocol === "about:") return;
  localStorage.setItem("sabang-renderer", localStorage.getItem("sabang-renderer") ?? "webgl");
}

/** Options of a page. */
type PageOptions = BrowserContextOptions & {
  /** Whether the test controls the page's time with `page.clock`. */
  clock?: boolean;
};

/**
 * Starts the browser before the tests of a file and closes it after them. Pages are closed after each test. Call this
 * function before `startServer`. Then the pages are closed before the server closes its clients, and no page rejoins.
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
        // Maps names such as game.example to this machine. Tests use these names, because browsers trust localhost
        // more than other hosts.
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

  /** Opens an empty page in a new browser profile. The profile's language is English by default. */
  const blank = async ({ clock = false, ...options }: PageOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ locale: "en-US", viewport: SMALL, ...options });
    if (clock) await context.clock.install();
    if (webgl) await context.addInitScript(chooseWebGl);
    if (!everyFrame) await context.addInitScript(drawEveryThirdFrame);
    // This timeout is as long as the timeout of a whole test, so only a hang exceeds it.
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
 * Advances a page's clock by a minute, which exceeds the page's longest delay before a retry. Resolves after
 * the array from `joinsOf` contains all join requests that the page has sent within this minute.
 */
export async function letAMinutePass(page: Page): Promise<void> {
  await page.clock.fastForward(60_000);
  // Playwright reports requests in order. So all earlier requests have been reported when this request is done.
  await page.evaluate(() => fetch("/healthz"));
}

/** Returns an array that grows: the body of each join request that the page sends from now on is added to it. */
export function joinsOf(page: Page): { protocol?: number }[] {
  const joins: { protocol?: number }[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/matchmake/")) joins.push(request.postDataJSON());
  });
  return joins;
}

/** Returns an array that grows: each console message about content that the security headers block is added to it. */
export function refusalsOn(...pages: Page[]): string[] {
  const messages: string[] = [];
  for (const page of pages) {
    page.on("console", (message) => {
      if (/Content.Security.Policy|Refused|violates|blocked/i.test(message.text())) messages.push(message.text());
    });
  }
  return messages;
}

/** Returns a copy of `window.sabang`, with which the page shows its state to tests. */
export const hook = (page: Page) => page.evaluate(() => ({ ...window.sabang, players: { ...window.sabang.players } }));

/** Returns the name of the page's own player. */
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

/** Waits until the server has acknowledged all inputs of the page. */
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
