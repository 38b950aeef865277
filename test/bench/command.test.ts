// Tests the command `npm run bench` without a measurement. test/bench/bench.long.test.ts tests it with measurements.
import { expect, test } from "@jest/globals";
import { startBench } from "../support/bench.ts";

test("npm run bench prints a hint and exits with code 2 if an argument is invalid", async () => {
  const { code, stdout, stderr } = await startBench("--only", "apache").ended();
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(
    /^error: option '--only <servers>' .* Got "apache"; expected one of sabang, .*\nSee npm run bench -- --help\n$/,
  );
});

test("npm run bench -- --help prints the options", async () => {
  const { code, stdout, stderr } = await startBench("--help").ended();
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("--clients");
});
