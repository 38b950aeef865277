// web/README.md is complete.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";

const WEB = new URL("../../web/", import.meta.url).pathname;

test("the table of web/README.md lists exactly the files of web/", () => {
  const rows = readFileSync(`${WEB}README.md`, "utf8").match(/^\| `.*$/gm)!;
  const listed = rows.flatMap((row) => [...row.matchAll(/`([\w-]+\.(?:ts|html|css))`/g)].map(([, file]) => file!));
  expect([...new Set(listed)].sort()).toEqual(
    readdirSync(WEB)
      .filter((file) => file !== "README.md")
      .sort(),
  );
});
