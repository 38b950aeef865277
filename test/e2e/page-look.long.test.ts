// How the page looks, and to whom: axe finds nothing serious in it, in any language or size; pictures are kept.
import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, expect } from "@jest/globals";
import type { BrowserContextOptions, Page } from "playwright-core";
import { builtPage } from "../../src/http/page.ts";
import { barriers } from "../support/axe.ts";
import { DESKTOP, PHONE, PHONE_ON_ITS_SIDE, startBrowser, togglePanel } from "../support/browser.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";

const KEPT = new URL("../../test-results/", import.meta.url).pathname;
const NAMES = ["Mina 미나", "Jun", "하늘", "Grace", "서연", "Linus", "Noor", "도윤"];

const { open, test } = startBrowser({ webgl: true });
const server = startServer({ page: builtPage });

const others: PlainPlayer[] = [];
beforeAll(() => {
  mkdirSync(KEPT, { recursive: true });
});
afterAll(() => {
  for (const other of others) other.socket.close();
});

const PANELS = ["map", "players", "lag", "settings"] as const;

/** Chooses a language as the settings do, whether they are to be seen or not. */
async function speak(page: Page, language: string): Promise<void> {
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
  "%s: nobody is kept out, in both languages, with the panels closed and open",
  async (size, options) => {
    for (const name of NAMES) others.push(await PlainPlayer.join(server.url, `?name=${encodeURIComponent(name)}`));
    const page = await open(`${server.url}/?name=Ada`, options);
    await page.waitForFunction(() => Object.keys(window.sabang.players).length > 1);
    await page.waitForTimeout(1000);
    // From here on the picture stands still: drawn without a graphics card, it would take the processor from axe.
    await page.evaluate(() => {
      window.requestAnimationFrame = () => 0;
    });
    const found: string[] = [];
    const look = async (panel: string) => {
      for (const language of ["en", "ko"]) {
        await speak(page, language);
        await page.screenshot({ path: `${KEPT}${size}-${language}-${panel}.png` });
        found.push(...(await barriers(page)));
      }
    };
    if (size === "desktop") {
      for (const panel of ["lag", "settings"] as const) await togglePanel(page, panel);
      await look("open");
      for (const panel of PANELS) await togglePanel(page, panel);
      await look("closed");
    } else {
      await look("closed");
      for (const panel of PANELS) {
        await togglePanel(page, panel);
        await look(panel);
      }
    }
    expect(found).toEqual([]);
    for (const other of others.splice(0)) other.socket.close();
  },
  // axe looks at every element, beside a game that is drawn without a graphics card.
  300_000,
);
