// A quiet run: what is written to the console and no test announced fails that test.
import { afterEach, expect, jest } from "@jest/globals";

/** What the packages say in the normal course of things. */
const USUAL = [/^\[Colyseus reconnection\]/, /optional \.env file not found/, /injected env/];

const written: string[] = [];
for (const level of ["log", "info", "warn", "error"] as const) {
  jest.spyOn(console, level).mockImplementation((...values: unknown[]) => {
    const line = values.map(String).join(" ");
    if (!USUAL.some((pattern) => pattern.test(line))) written.push(`${level}: ${line}`);
  });
}

afterEach(() => {
  expect(written.splice(0)).toEqual([]);
});
