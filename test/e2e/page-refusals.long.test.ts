// The page when a server in a separate process refuses joins, because it is overloaded, or because of the rate limit.
import { expect } from "@jest/globals";
import { ERRORS, taggedMessage } from "../../schema/errors.ts";
import { playing, startBrowser } from "../support/browser.ts";
import { PlainPlayer } from "../support/plain.ts";
import { dataFolder, type ServerProcess, startProcess } from "../support/process.ts";
import { until } from "../support/until.ts";

const { blank, test } = startBrowser();

/** A way to make a server refuse joins. */
interface Refusing {
  name: "busy" | "tooManyJoins";
  settings: Record<string, string>;
  /** Called before the page is opened. Resolves with a function that ends the overload. */
  before?: (server: ServerProcess, url: string) => Promise<(() => void) | undefined>;
  text: string;
}
const STALL_MS = 100;
/** Longer than the windows of admission. */
const SETTLED_MS = 6000;
/** Makes a server report that it uses a full core. If it really did, too little CPU would remain for the browser. */
const FULL_CORE = encodeURIComponent("process.cpuUsage = () => ({ user: performance.now() * 1000, system: 0 });");
const isUnready = async (url: string) => (await fetch(`${url}/readyz`)).status === 503;

test.each<Refusing>([
  {
    name: "busy",
    // The process is stopped again and again. Its ticks are late, and with its CPU reported as full, it counts as busy.
    settings: { ADMISSION_MAX_DELAY_MS: "20", NODE_OPTIONS: `--import=data:text/javascript,${FULL_CORE}` },
    before: async (server, url) => {
      await PlainPlayer.join(url);
      const stalls = setInterval(() => {
        server.signal("SIGSTOP");
        setTimeout(() => server.signal("SIGCONT"), STALL_MS);
      }, 5 * STALL_MS);
      // Right after a start admission may reopen once, because its windows are not full yet.
      let unreadySince = performance.now();
      await until(async () => {
        if (!(await isUnready(url))) unreadySince = performance.now();
        return performance.now() - unreadySince > SETTLED_MS;
      }, 60_000);
      return () => clearInterval(stalls);
    },
    text: "The server is busy right now. Trying again…",
  },
  {
    name: "tooManyJoins",
    // The sign-in counts as the one join.
    settings: { MAX_JOINS_PER_MINUTE: "1" },
    text: "Too many joins from your network. Trying again…",
  },
])(
  "after the refusal $name the page shows why, and retries until it is admitted",
  async (refusing) => {
    const { name, settings, before, text } = refusing;
    const DATA_DIR = dataFolder();
    const first = startProcess({ DATA_DIR, ...settings });
    const port = await first.listening();
    const url = `http://127.0.0.1:${port}`;
    const end = await before?.(first, url);
    const page = await blank();
    const answers: unknown[] = [];
    page.on("response", async (response) => {
      if (response.url().includes("/matchmake/"))
        answers.push({ status: response.status(), ...(await response.json()) });
    });
    await page.goto(url);
    await page.waitForFunction((text) => document.getElementById("banner-text")?.textContent === text, text);
    await until(() => answers.length >= 2);
    const { code } = ERRORS[name];
    for (const answer of answers) expect(answer).toMatchObject({ status: code, name, error: taggedMessage(name) });
    // Another server on the same port admits the page.
    end?.();
    first.signal("SIGTERM");
    expect(await first.ended()).toBe(0);
    await startProcess({ DATA_DIR, PORT: String(port) }).listening();
    await playing(page);
    expect(await page.locator("#banner-text").textContent()).toBe("Connected");
  },
  180_000,
);
