// The command `npm run bench` where it measures nothing; with servers and players it is test/bench/bench.long.test.ts.
import { expect, test } from "@jest/globals";
import { startBench } from "../support/bench.ts";

test("a command line that cannot be used ends at once, with the mend", async () => {
  const { code, stdout, stderr } = await startBench("--only", "apache").ended();
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(
    /^error: option '--only <servers>' .* Got "apache"; expected one of sabang, .*\nSee npm run bench -- --help\n$/,
  );
});

test("help names the flags", async () => {
  const { code, stdout, stderr } = await startBench("--help").ended();
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("--clients");
});
