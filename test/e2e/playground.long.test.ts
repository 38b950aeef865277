// Tests the playground in a real browser. The demo page is open in the same browser, and plays at the same time.
import { expect } from "@jest/globals";
import { builtPage } from "../../src/http/page.ts";
import { hook, refusalsOn, startBrowser } from "../support/browser.ts";
import { startServer } from "../support/server.ts";

const { open, test } = startBrowser();
const server = startServer({ page: builtPage, playground: true });

test("the playground joins as a separate player, and the security headers do not block it", async () => {
  const page = await open(server.url);
  const { sessionId } = await hook(page);
  const playground = await page.context().newPage();
  const errors: string[] = [];
  playground.on("pageerror", (error) => errors.push(error.message.slice(0, 200)));
  const blocked = refusalsOn(playground);
  const worker = playground.waitForEvent("worker");
  await playground.goto(`${server.url}/playground`);
  await playground.getByRole("button", { name: "Join or Create" }).first().click();
  await page.waitForFunction(() => Object.keys(window.sabang.players).length === 2);
  expect(await hook(page)).toMatchObject({ sessionId, connected: true });
  // The playground's editors check JSON in a worker. The worker would not define `require` if its script were blocked.
  expect(await (await worker).evaluate(() => typeof (globalThis as { require?: unknown }).require)).toBe("function");
  expect({ errors, blocked }).toEqual({ errors: [], blocked: [] });
});

test("only the security headers of the playground allow scripts from blob: and data: URLs", async () => {
  const policyOf = async (path: string) => (await fetch(server.url + path)).headers.get("content-security-policy");
  expect(await policyOf("/playground/")).toContain("script-src 'self' blob: data:");
  for (const path of ["/", "/monitor/", "/healthz", "/playgrounds"]) {
    expect(await policyOf(path)).not.toMatch(/blob:.*script|script-src|worker-src/);
  }
});
