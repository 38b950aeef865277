// A real browser, one for all tests of a file, and what tests do with the page in it.
import { afterAll, afterEach, beforeAll } from "@jest/globals";
import sparticuz from "@sparticuz/chromium";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { browserPath } from "./browser-path.ts";
import { testWith } from "./requiring.ts";

/** The window of a test that needs no certain one: small, because each pixel of it is drawn by the processor. */
const SMALL = { width: 640, height: 480 };

/** A window like that of a laptop, and a phone held in the hand. */
export const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};
export const PHONE_ON_ITS_SIDE: BrowserContextOptions = { ...PHONE, viewport: { width: 844, height: 390 } };

/** Flags of the browser from npm that tests do without. */
const UNWANTED = new Set([
  // Its single process would end with the first profile that is closed.
  "--single-process",
  // These two switch off what keeps the pages of one site from those of another.
  "--disable-web-security",
  "--allow-running-insecure-content",
]);

/** Those with which it draws 3D without a graphics card. */
const WEBGL = new Set([
  "--ignore-gpu-blocklist",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
]);

/** Has a page draw every third frame only, twenty a second. */
function drawSeldom(): void {
  const next = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (draw) => next(() => next(() => next(draw)));
}

/** What a page of a test can have beyond what any browser gives it. */
type PageOptions = BrowserContextOptions & {
  /** A clock that the test can move on: `page.clock`. */
  clock?: boolean;
};

/**
 * Starts the browser before the tests of a file and closes it after them; pages are closed after each test. Call it before
 * `startServer`, so that no page joins again while the server puts everybody out.
 * @param webgl whether it has WebGL. Where there is no graphics card that takes most of the processor, so by default the
 * game is drawn on a plain canvas.
 * @param everyFrame whether pages draw each frame of the screen, and not every third one.
 * @returns the file's own `test`, which skips its tests on a machine that cannot run the browser.
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
  const blank = async ({ clock = false, ...options }: PageOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ locale: "en-US", viewport: SMALL, ...options });
    if (clock) await context.clock.install();
    if (!everyFrame) await context.addInitScript(drawSeldom);
    // As long as a whole test may take: only a hang reaches it.
    context.setDefaultTimeout(60_000);
    return context.newPage();
  };
  /** Opens the page in a browser profile of its own and waits until it plays. */
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
 * Lets a minute pass on a page that has a clock: more than it ever waits before it joins again. Should it join,
 * `joinsOf` has it when this resolves.
 */
export async function letAMinutePass(page: Page): Promise<void> {
  await page.clock.fastForward(60_000);
  // Requests are told of in their order.
  await page.evaluate(() => fetch("/healthz"));
}

/** The joins that a page asks for from now on: what each says. */
export function joinsOf(page: Page): { protocol?: number }[] {
  const joins: { protocol?: number }[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/matchmake/")) joins.push(request.postDataJSON());
  });
  return joins;
}

/** What the browser says on the consoles of pages about what their security headers keep them from. */
export function refusalsOn(...pages: Page[]): string[] {
  const said: string[] = [];
  for (const page of pages) {
    page.on("console", (line) => {
      if (/Content.Security.Policy|Refused|violates|blocked/i.test(line.text())) said.push(line.text());
    });
  }
  return said;
}

/** What the page says of itself; a copy. */
export const hook = (page: Page) => page.evaluate(() => ({ ...window.sabang, players: { ...window.sabang.players } }));

/** The own player's name. */
export function nameOf({ players, sessionId }: Awaited<ReturnType<typeof hook>>): string | undefined {
  return players[sessionId!]?.name;
}

/** The token that the SDK keeps for the page. */
export function tokenOf(page: Page): Promise<string> {
  return page.evaluate(() => localStorage.getItem("colyseus-auth-token")!);
}

/** The player that a token names. */
export function idOf(token: string): string {
  return JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()).id;
}

/** Waits until nothing is under way: all inputs are answered. */
export async function atRest(page: Page): Promise<void> {
  await page.waitForFunction(() => window.sabang.unacknowledged === 0, null, { timeout: 30_000 });
}

export async function walk(page: Page, key: string, milliseconds: number): Promise<void> {
  await page.keyboard.down(key);
  await page.waitForTimeout(milliseconds);
  await page.keyboard.up(key);
}

/** Sets the sliders of the lag panel, which must be open, and waits until the page measures a round trip of `whole` ms. */
export async function setLag(page: Page, roundTrip: number, jitter = 0, whole = roundTrip): Promise<void> {
  await page.locator("#round-trip").fill(String(roundTrip));
  await page.locator("#jitter").fill(String(jitter));
  await page.locator("#game").focus();
  await page.waitForFunction((least) => window.sabang.rtt >= least, whole - 1);
}

/** Opens or closes one of the panels. */
export async function togglePanel(page: Page, panel: "map" | "players" | "lag" | "settings"): Promise<void> {
  await page.locator(`#${panel} > summary`).click();
}
