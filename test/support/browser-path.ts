// Selects the browser of the tests: an installed one, or the one from npm, which is unpacked at its first use.
import { existsSync } from "node:fs";
import sparticuz from "@sparticuz/chromium";

const INSTALLED = ["/usr/bin/google-chrome", "/usr/bin/chromium"].find((path) => existsSync(path));

export async function browserPath(): Promise<string> {
  return INSTALLED ?? sparticuz.executablePath();
}
