// Tests the page's accessibility with axe in each language and window size. Also writes screenshots to test-results/.
import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, expect } from "@jest/globals";
import type { BrowserContextOptions, Page } from "playwright-core";
import { builtPage } from "../../src/http/page.ts";
import { barriers } from "../support/axe.ts";
import { DESKTOP, PHONE, PHONE_ON_ITS_SIDE, startBrowser, togglePanel } from "../support/browser.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";

const RESULTS = new URL("../../test-results/", import.meta.url).pathname;
const NAMES = ["Mina 미나", "Jun", "하늘", "Grace", "서연", "Linus", "Noor", "도윤"];

const { open, test } = startBrowser();
const server = startServer({ page: builtPage });

const others: PlainPlayer[] = [];
beforeAll(() => {
  mkdirSync(RESULTS, { recursive: true });
});
afterAll(() => {
  for (const other of others) other.socket.close();
});

const PANELS = ["map", "players", "lag", "settings"] as const;

/** Chooses a language as the settings panel does, whether the panel is open or not. */
async function chooseLanguage(page: Page, language: string): Promise<void> {
  await page.locator("#language").evaluate((select: HTMLSelectElement, language) => {
    select.value = language;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }, language);
}

test.each<[string, BrowserContextOptions]>([
  ["desktop", DESKTOP],
  ["phone", PHONE],
  ["phone-on-its-side", PHONE_ON_ITS_SIDE],
])(
  "in a %s window, axe finds no serious accessibility violation in either language, with panels closed and open",
  async (size, options) => {
    for (const name of NAMES) others.push(await PlainPlayer.join(server.url, `?name=${encodeURIComponent(name)}`));
    const page = await open(`${server.url}/?name=Ada`, options);
    await page.waitForFunction(() => Object.keys(window.sabang.players).length > 1);
    await page.waitForTimeout(1000);
    // Stops the animation. Without a graphics card, drawing takes CPU time that axe needs.
    await page.evaluate(() => {
      window.requestAnimationFrame = () => 0;
    });
    const found: string[] = [];
    const check = async (panel: string) => {
      for (const language of ["en", "ko"]) {
        await chooseLanguage(page, language);
        await page.screenshot({ path: `${RESULTS}${size}-${language}-${panel}.png` });
        found.push(...(await barriers(page)));
      }
    };
    if (size === "desktop") {
      for (const panel of ["lag", "settings"] as const) await togglePanel(page, panel);
      await check("open");
      for (const panel of PANELS) await togglePanel(page, panel);
      await check("closed");
    } else {
      await check("closed");
      for (const panel of PANELS) {
        await togglePanel(page, panel);
        await check(panel);
      }
    }
    expect(found).toEqual([]);
    for (const other of others.splice(0)) other.socket.close();
  },
  // The timeout is long, because axe checks every element.
  300_000,
);
