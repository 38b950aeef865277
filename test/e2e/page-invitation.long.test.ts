// Tests invitations in a real browser: the button that copies a link, a friend's start position beside the sender, and
// revoked links.
import { expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { builtPage } from "../../src/http/page.ts";
import { barriers } from "../support/axe.ts";
import { DESKTOP, hook, PHONE, playing, startBrowser, togglePanel, walk } from "../support/browser.ts";
import { startServer } from "../support/server.ts";

const { blank, open, test } = startBrowser();
const server = startServer({ page: builtPage });

/** Presses the button in the open players panel. @returns the link that the page shows. */
async function linkOf(page: Page, button = "Copy a link for a friend"): Promise<string> {
  await page.getByRole("button", { name: button }).click();
  await page.locator("#invite-link").waitFor();
  return page.locator("#invite-link").inputValue();
}

test("a friend's player starts beside the sender if the friend opens the copied link, and stays there after a reload", async () => {
  const ada = await open(`${server.url}/?name=Ada&map=meadow`, {
    ...DESKTOP,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await walk(ada, "ArrowLeft", 300);
  const link = await linkOf(ada);
  await ada.getByText("Copied.").waitFor();
  expect(await ada.evaluate(() => navigator.clipboard.readText())).toBe(link);
  expect(link).toMatch(new RegExp(`^${server.url}/\\?map=meadow&friend=[0-9a-f-]{36}$`));
  expect(await barriers(ada)).toEqual([]);

  const bob = await open(link, PHONE);
  const { self, players, sessionId } = await hook(bob);
  const host = players[(await hook(ada)).sessionId!]!;
  expect(Math.abs(self!.x - host.x) + Math.abs(self!.y - host.y)).toBe(32);
  expect(new URL(bob.url()).search).toBe("?map=meadow");
  await ada.waitForFunction((id) => window.sabang.players[id] !== undefined, sessionId!);

  await walk(ada, "ArrowLeft", 300);
  await bob.reload();
  await playing(bob);
  expect((await hook(bob)).self).toEqual(self);
});

test("the page selects the invitation link if the browser cannot copy it, and the user can revoke the link", async () => {
  const page = await open(`${server.url}/?map=meadow`, { ...PHONE, locale: "ko-KR" });
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await togglePanel(page, "players");
  const link = await linkOf(page, "친구에게 보낼 링크 복사");
  await page.getByText("이 링크를 복사하세요.").waitFor();
  expect(await page.evaluate(() => getSelection()?.toString())).toBe(link);
  await page.getByRole("button", { name: "링크 거두기" }).click();
  expect(await page.locator("#invite-link").isVisible()).toBe(false);

  const friend = await blank();
  await friend.goto(link);
  await playing(friend);
  expect(new URL(friend.url()).search).toBe("?map=meadow");
  await friend.getByText("This invitation has ended").waitFor();
});
