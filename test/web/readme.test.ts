// Tests that web/README.md is complete.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";

const WEB = new URL("../../web/", import.meta.url).pathname;

test("the table of web/README.md lists exactly the files and folders of web/", () => {
  const rows = readFileSync(`${WEB}README.md`, "utf8").match(/^\| `.*$/gm)!;
  const listed = rows.flatMap((row) =>
    [...row.matchAll(/`([\w-]+(?:\.(?:ts|js|html|css)|\/))`/g)].map(([, file]) => file!),
  );
  expect([...new Set(listed)].sort()).toEqual(
    readdirSync(WEB, { withFileTypes: true })
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .filter((file) => file !== "README.md")
      .sort(),
  );
});
