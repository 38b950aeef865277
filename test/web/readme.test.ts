// The guide to the page's folder is held to what is in it.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";

const WEB = new URL("../../web/", import.meta.url).pathname;

test("the table of web/README.md names each file of the folder, and no other", () => {
  const rows = readFileSync(`${WEB}README.md`, "utf8").match(/^\| `.*$/gm)!;
  const named = rows.flatMap((row) => [...row.matchAll(/`([\w-]+\.(?:ts|html|css))`/g)].map(([, file]) => file!));
  expect([...new Set(named)].sort()).toEqual(
    readdirSync(WEB)
      .filter((file) => file !== "README.md")
      .sort(),
  );
});
