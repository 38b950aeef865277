// Selects the browser for the tests: an installed browser if there is one. Without one, the tests use the browser from
// npm, which unpacks itself on first use.
import { existsSync } from "node:fs";
import sparticuz from "@sparticuz/chromium";

const INSTALLED = ["/usr/bin/google-chrome", "/usr/bin/chromium"].find((path) => existsSync(path));

export async function browserPath(): Promise<string> {
  return INSTALLED ?? sparticuz.executablePath();
}
