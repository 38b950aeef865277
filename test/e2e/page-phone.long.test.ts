// Tests the page on phones in a real browser: touches with one and two fingers, the touch pad, and sizes of controls.
import { expect } from "@jest/globals";
import type { BrowserContextOptions, Page } from "playwright-core";
import { builtPage } from "../../src/http/page.ts";
import { barriers } from "../support/axe.ts";
import { hook, PHONE, playing, startBrowser, togglePanel } from "../support/browser.ts";
import { startServer } from "../support/server.ts";

const { open, test } = startBrowser();
const server = startServer({ page: builtPage });

const NARROW: BrowserContextOptions = { ...PHONE, viewport: { width: 320, height: 640 } };

/** Smallest allowed side of a control on a touch screen, in CSS pixels. */
const TARGET = 44;

/** Returns the middle of an element. */
async function middleOf(page: Page, selector: string): Promise<{ x: number; y: number }> {
  const { x, y, width, height } = (await page.locator(selector).boundingBox())!;
  return { x: x + width / 2, y: y + height / 2 };
}

test("on a phone, a tap on the world closes the open panel", async () => {
  const page = await open(server.url, PHONE);
  await togglePanel(page, "settings");
  expect(await page.locator("details[open]").count()).toBe(1);
  await page.touchscreen.tap(100, 700);
  expect(await page.locator("details[open]").count()).toBe(0);
});

test("a second finger can open a panel and check a box while the first finger holds the touch pad", async () => {
  const page = await open(server.url, PHONE);
  const touch = await page.context().newCDPSession(page);
  const send = (type: "touchStart" | "touchEnd", ...touchPoints: { id: number; x: number; y: number }[]) =>
    touch.send("Input.dispatchTouchEvent", { type, touchPoints });
  const pad = { id: 0, ...(await middleOf(page, "#pad i[data-direction='1']")) };
  const { self } = await hook(page);
  await send("touchStart", pad);
  for (const target of ["#lag > summary", "#ghost"]) {
    const finger = { id: 1, ...(await middleOf(page, target)) };
    await send("touchStart", pad, finger);
    await send("touchEnd", finger);
  }
  expect(await page.locator("#lag").getAttribute("open")).not.toBeNull();
  expect(await page.locator("#ghost").isChecked()).toBe(true);
  await page.waitForFunction((x) => window.sabang.self!.x < x - 16, self!.x);
  await send("touchEnd", pad);
});

test("the touch pad is on the side that the user has chosen, even after a reload", async () => {
  const page = await open(server.url, PHONE);
  await togglePanel(page, "settings");
  expect((await middleOf(page, "#pad")).x).toBeGreaterThan(390 / 2);
  await page.getByLabel("Touch pad").selectOption("left");
  expect((await middleOf(page, "#pad")).x).toBeLessThan(390 / 2);
  // The buttons of the chat move to the other side.
  expect((await middleOf(page, "#chat")).x).toBeGreaterThan(390 / 2);
  await page.reload();
  await playing(page);
  expect((await middleOf(page, "#pad")).x).toBeLessThan(390 / 2);
});

test.each([
  ["en-US", PHONE],
  ["ko-KR", PHONE],
  ["en-US", NARROW],
  ["ko-KR", NARROW],
])(
  "in the locale %s, a phone shows every text in full, and every control is at least 44 pixels wide and high (%#)",
  async (locale, phone) => {
    const page = await open(server.url, { ...phone, locale });
    await page.waitForFunction(() => /ms$/.test(document.getElementById("status-text")!.textContent!));
    for (const panel of ["map", "players", "lag", "settings"] as const) {
      await togglePanel(page, panel);
      const { cut, small } = await page.evaluate((target) => {
        const visible = (selector: string) =>
          [...document.querySelectorAll<HTMLElement>(selector)].filter(
            (element) => element.checkVisibility() && !element.closest(".visually-hidden"),
          );
        const nameOf = ({ id, name, textContent }: HTMLElement & { name?: string }) => id || name || textContent;
        const isCut = (element: HTMLElement) =>
          element.scrollWidth > element.clientWidth || element.getBoundingClientRect().right > innerWidth;
        const isSmall = (element: HTMLElement) => {
          const { width, height } = (element.closest("label") ?? element).getBoundingClientRect();
          return Math.min(width, height) < target;
        };
        return {
          cut: visible("header, #status, .body, .body :is(button, p, legend, label, dt)").filter(isCut).map(nameOf),
          small: visible("summary, button, input, select").filter(isSmall).map(nameOf),
        };
      }, TARGET);
      expect([panel, cut, small]).toEqual([panel, [], []]);
    }
    expect(await barriers(page)).toEqual([]);
  },
);
