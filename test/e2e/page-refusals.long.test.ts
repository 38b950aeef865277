// Tests what the page shows when a server process refuses joins, because it is overloaded or enforces the rate limit.
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
/** Makes a server report 100 % CPU use. Real use would leave too little CPU time for the browser. */
const FULL_CORE = encodeURIComponent("process.cpuUsage = () => ({ user: performance.now() * 1000, system: 0 });");
const isUnready = async (url: string) => (await fetch(`${url}/readyz`)).status === 503;

test.each<Refusing>([
  {
    name: "busy",
    // SIGSTOP makes the server's ticks late again and again. The server also reports 100 % CPU use, so it counts as
    // overloaded.
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
    text: "The server is busy right now. Trying again…",
  },
  {
    name: "tooManyJoins",
    // The page's sign-in counts as a join too, so the limit is used up.
    settings: { MAX_JOINS_PER_MINUTE: "1" },
    text: "Too many joins from your network. Trying again…",
  },
])(
  "the page shows why a server refused a join with the error $name, and retries until a server accepts the join",
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
    // Ends the overload and the first server. Another server on the same port then accepts the join.
    end?.();
    first.signal("SIGTERM");
    expect(await first.ended()).toBe(0);
    await startProcess({ DATA_DIR, PORT: String(port) }).listening();
    await playing(page);
    expect(await page.locator("#banner-text").textContent()).toBe("Connected");
  },
  180_000,
);
