// How the page looks, and to whom: axe finds nothing serious in it, in any language or size; pictures are kept.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, beforeAll, expect } from "@jest/globals";
import type axe from "axe-core";
import type { BrowserContextOptions, Page } from "playwright-core";
import { builtPage } from "../../src/page.ts";
import { DESKTOP, PHONE, PHONE_ON_ITS_SIDE, startBrowser, togglePanel } from "../support/browser.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const KEPT = new URL("../../test-results/", import.meta.url).pathname;
const NAMES = ["Mina 미나", "Jun", "하늘", "Grace", "서연", "Linus", "Noor", "도윤"];

const server = startServer({ page: builtPage });
const { open, test } = startBrowser();

const others: PlainPlayer[] = [];
beforeAll(() => {
  mkdirSync(KEPT, { recursive: true });
});
afterAll(() => {
  for (const other of others) other.socket.close();
});

/** What axe finds that keeps people out, as `rule: element`. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: typeof axe }).axe.run({ resultTypes: ["violations"] }),
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`));
}

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
        found.push(...(await faults(page)));
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
