// Tests that bench/harness/children.ts pins processes to CPU cores only after a call of pinToCores(). An import alone
// pins no process.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { expect, test } from "@jest/globals";
import { COMPILE_CACHE } from "../support/compile-cache.ts";

const CHILDREN = new URL("../../bench/harness/children.ts", import.meta.url).href;

const onLinux = process.platform === "linux" ? test : test.skip;

const coresIn = (status: string) => /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)![1];
const ownCores = () => coresIn(readFileSync("/proc/self/status", "utf8"));

onLinux("importing bench/harness/children.ts pins neither this process nor its children to a CPU core", async () => {
  const before = ownCores();
  const { arePinned, SERVER_CORE, start } = await import("../../bench/harness/children.ts");
  expect(arePinned()).toBe(false);
  expect(ownCores()).toBe(before);
  const child = start(SERVER_CORE, "cat", ["/proc/self/status"], { stdio: ["ignore", "pipe", "inherit"] });
  expect(child.spawnargs).toEqual(["cat", "/proc/self/status"]);
  expect(coresIn(await text(child.stdout!))).toBe(before);
});

onLinux("pinToCores() pins the program to LOAD_CORE, and start() then pins each child to the given core", () => {
  const program = `
    import { readFileSync } from "node:fs";
    import { text } from "node:stream/consumers";
    import { arePinned, LOAD_CORE, pinToCores, SERVER_CORE, start } from ${JSON.stringify(CHILDREN)};
    const reason = pinToCores();
    const children = [SERVER_CORE, LOAD_CORE].map((core) =>
      text(start(core, "cat", ["/proc/self/status"], { stdio: ["ignore", "pipe", "inherit"] }).stdout));
    const statuses = await Promise.all([readFileSync("/proc/self/status", "utf8"), ...children]);
    console.log(JSON.stringify({ reason, isPinned: arePinned(), statuses }));
  `;
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    env: { ...process.env, ...COMPILE_CACHE },
  });
  const { reason, isPinned, statuses } = JSON.parse(printed) as {
    reason?: string;
    isPinned: boolean;
    statuses: string[];
  };
  if (reason === undefined) expect([isPinned, ...statuses.map(coresIn)]).toEqual([true, "1", "0", "1"]);
  else expect([isPinned, reason]).toEqual([false, expect.stringMatching(/one core|taskset is not available/)]);
});
