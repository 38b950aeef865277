// Which browser the tests drive: one that is installed, or the one that npm brings, unpacked at its first use.
import { existsSync } from "node:fs";
import sparticuz from "@sparticuz/chromium";

const INSTALLED = ["/usr/bin/google-chrome", "/usr/bin/chromium"].find((path) => existsSync(path));

export async function browserPath(): Promise<string> {
  return INSTALLED ?? sparticuz.executablePath();
}
