// The page when a server in a process of its own refuses joins: for want of time, and for too many of them.
import { expect } from "@jest/globals";
import { ERRORS, taggedMessage } from "../../schema/errors.ts";
import { playing, startBrowser } from "../support/browser.ts";
import { PlainPlayer } from "../support/plain.ts";
import { dataFolder, type ServerProcess, startProcess } from "../support/process.ts";
import { until } from "../support/until.ts";

const { blank, test } = startBrowser();

/** How a server comes to refuse joins: its settings, and what happens to it before the page is opened. */
interface Refusing {
  name: "busy" | "tooManyJoins";
  settings: Record<string, string>;
  /** @returns what ends it, if it goes on. */
  before?: (server: ServerProcess, url: string) => Promise<(() => void) | undefined>;
  says: string;
}
const STALL_MS = 100;
/** Makes a server believe that it uses all of a core: one that really does leaves the browser too little. */
const FULL_CORE = encodeURIComponent("process.cpuUsage = () => ({ user: performance.now() * 1000, system: 0 });");
const isUnready = async (url: string) => (await fetch(`${url}/readyz`)).status === 503;

test.each<Refusing>([
  {
    name: "busy",
    // Stopped over and over again, its ticks are late, and it takes itself for the cause.
    settings: { ADMISSION_MAX_DELAY_MS: "20", NODE_OPTIONS: `--import=data:text/javascript,${FULL_CORE}` },
    before: async (server, url) => {
      await PlainPlayer.join(url);
      const stalls = setInterval(() => {
        server.signal("SIGSTOP");
        setTimeout(() => server.signal("SIGCONT"), STALL_MS);
      }, 5 * STALL_MS);
      await until(() => isUnready(url), 60_000);
      return () => clearInterval(stalls);
    },
    says: "The server takes in nobody new at the moment. Trying again…",
  },
  {
    name: "tooManyJoins",
    // The sign-in is the one.
    settings: { MAX_JOINS_PER_MINUTE: "1" },
    says: "Too many joins from your network. Trying again…",
  },
])("refused as $name it says so, and tries again by itself until it is let in", async (refusing) => {
  const { name, settings, before, says } = refusing;
  const DATA_DIR = dataFolder();
  const first = startProcess({ DATA_DIR, ...settings });
  const port = await first.listening();
  const url = `http://127.0.0.1:${port}`;
  const end = await before?.(first, url);
  const page = await blank();
  const answers: unknown[] = [];
  page.on("response", async (answer) => {
    if (answer.url().includes("/matchmake/")) answers.push({ status: answer.status(), ...(await answer.json()) });
  });
  await page.goto(url);
  await page.waitForFunction((text) => document.getElementById("banner-text")?.textContent === text, says);
  await until(() => answers.length >= 2);
  const { code } = ERRORS[name];
  for (const answer of answers) expect(answer).toMatchObject({ status: code, name, error: taggedMessage(name) });
  // Another server in its place takes everybody in.
  end?.();
  first.signal("SIGTERM");
  expect(await first.ended()).toBe(0);
  await startProcess({ DATA_DIR, PORT: String(port) }).listening();
  await playing(page);
  expect(await page.locator("#banner-text").textContent()).toBe("back");
});
