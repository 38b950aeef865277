// Drives Debian's Firefox and WebKit, because playwright-core drives only its own builds of these browsers. Puppeteer
// drives Firefox over WebDriver BiDi, and Selenium drives WebKit over WebDriver.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "puppeteer-core";
import { Builder, By, Key } from "selenium-webdriver";
import { freePort } from "./free-port.ts";
import { FIREFOX, WEBKIT_BROWSER, WEBKIT_DRIVER } from "./requirements.ts";
import { until } from "./until.ts";

/** A browser with one tab. */
export interface OtherBrowser {
  open(url: string): Promise<void>;
  back(): Promise<void>;
  /** Runs an expression in the page and returns its value, which must be a string, a number or a boolean. */
  evaluate(expression: string): Promise<unknown>;
  /** Holds a key for some milliseconds. */
  press(key: "ArrowLeft" | "Enter", milliseconds?: number): Promise<void>;
  /** Types a text into the element that has the focus. */
  type(text: string): Promise<void>;
  click(selector: string): Promise<void>;
  closeTab(): Promise<void>;
  /** Sends a signal to all processes of the browser, for example to suspend it. */
  signal(name: NodeJS.Signals): void;
}

/** The size of a browser's page in CSS pixels. */
export interface Size {
  width: number;
  height: number;
}

const LAPTOP: Size = { width: 1280, height: 800 };

/** Functions that end the started programs. They also work if the test failed while a browser was starting. */
const ends = new Set<() => Promise<void>>();

/** Ends all browsers that were started. */
export async function endBrowsers(): Promise<void> {
  await Promise.all([...ends].map((end) => end()));
  ends.clear();
}

/** Kills a program and all processes that it has started. The program must be the leader of a process group. */
async function endGroup(leader: ChildProcess): Promise<void> {
  if (leader.exitCode !== null || leader.signalCode !== null) return;
  process.kill(-leader.pid!, "SIGKILL");
  await once(leader, "exit");
}

/** Starts a program with a home folder of its own. `endBrowsers` kills the program and removes the folder. */
function startGroup(program: string, args: string[], environment: Record<string, string> = {}) {
  const home = mkdtempSync(join(tmpdir(), "sabang-browser-"));
  const env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, ...environment };
  const leader = spawn(program, args, { detached: true, env, stdio: ["ignore", "pipe", "ignore"] });
  ends.add(async () => {
    await endGroup(leader);
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });
  return { leader, home };
}

/**
 * Starts Firefox.
 * @param size the size of the page. If it is narrower than LAPTOP, the browser has a touch screen.
 */
export async function startFirefox(size = LAPTOP): Promise<OtherBrowser> {
  const isPhone = size.width < LAPTOP.width;
  // In Firefox's settings, 1 means a coarse pointer, such as a finger, and 6 means a mouse.
  const pointer = isPhone ? 1 : 6;
  const browser = await launch({
    browser: "firefox",
    executablePath: FIREFOX,
    defaultViewport: size,
    extraPrefsFirefox: { "ui.primaryPointerCapabilities": pointer, "ui.allPointerCapabilities": pointer },
  });
  const leader = browser.process()!;
  ends.add(() => endGroup(leader));
  const page = await browser.newPage();
  return {
    open: async (url) => void (await page.goto(url)),
    back: async () => void (await page.goBack()),
    evaluate: (expression) => page.evaluate(expression),
    press: (key, delay = 0) => page.keyboard.press(key, { delay }),
    type: (text) => page.keyboard.type(text),
    click: (selector) => page.click(selector),
    // Fires `beforeunload`, as if a user closed the tab.
    closeTab: () => page.close({ runBeforeUnload: true }),
    signal: (name) => process.kill(-leader.pid!, name),
  };
}

/** Starts MiniBrowser, the small browser of WebKit for GTK, on a virtual screen. */
export async function startWebKit(size = LAPTOP): Promise<OtherBrowser> {
  const screen = startGroup("Xvfb", ["-displayfd", "1", "-screen", "0", "1600x1200x24", "-nolisten", "tcp"]);
  const [display] = await once(screen.leader.stdout!, "data");
  const port = await freePort();
  const { leader, home } = startGroup(WEBKIT_DRIVER, [`--port=${port}`], {
    DISPLAY: `:${String(display).trim()}`,
    // Turns off the sandbox: browsers that run as root, for example in CI, cannot use it.
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
    WEBKIT_DISABLE_COMPOSITING_MODE: "1",
  });
  // Makes the buttons of the toolbar small. Otherwise the window would be wider than a phone.
  mkdirSync(join(home, ".config/gtk-3.0"), { recursive: true });
  writeFileSync(join(home, ".config/gtk-3.0/gtk.css"), "* { min-width: 0; padding: 0; margin: 0; font-size: 3px; }");
  const url = `http://127.0.0.1:${port}`;
  await until(() => fetch(`${url}/status`).catch(() => undefined), 40_000);
  const options = { binary: WEBKIT_BROWSER, args: ["--automation"] };
  const driver = await new Builder()
    .usingServer(url)
    .withCapabilities({ browserName: "MiniBrowser", "webkitgtk:browserOptions": options })
    .build();
  const measure = () => driver.executeScript<[number, number]>("return [innerWidth, innerHeight]");
  const window = driver.manage().window();
  await window.setRect({ x: 0, y: 0, ...size });
  await until(async () => (await measure())[0] === size.width);
  // Makes the window taller by the height of the toolbar, so that the page gets the height `size.height`.
  await window.setRect({ x: 0, y: 0, width: size.width, height: 2 * size.height - (await measure())[1] });
  await until(async () => (await measure())[1] === size.height);
  const keys = { ArrowLeft: Key.ARROW_LEFT, Enter: Key.ENTER };
  return {
    open: (url) => driver.get(url),
    back: () => driver.navigate().back(),
    evaluate: (expression) => driver.executeScript(`return (${expression})`),
    press: (key, milliseconds = 0) =>
      driver.actions().keyDown(keys[key]).pause(milliseconds).keyUp(keys[key]).perform(),
    type: (text) => driver.actions().sendKeys(text).perform(),
    click: (selector) => driver.findElement(By.css(selector)).click(),
    closeTab: async () => {
      // Opens another tab first. Closing the last tab would end the browser before the page could send anything.
      const tab = await driver.getWindowHandle();
      await driver.switchTo().newWindow("tab");
      await driver.switchTo().window(tab);
      await driver.close();
    },
    signal: (name) => process.kill(-leader.pid!, name),
  };
}
