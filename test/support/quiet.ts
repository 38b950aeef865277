// Fails a test that writes to the console unexpectedly.
import { afterEach, expect, jest } from "@jest/globals";

/** Console lines that npm packages write in normal operation. */
const IGNORED = [/^\[Colyseus reconnection\]/, /optional \.env file not found/, /injected env/];

const written: string[] = [];
for (const level of ["log", "info", "warn", "error"] as const) {
  jest.spyOn(console, level).mockImplementation((...values: unknown[]) => {
    const line = values.map(String).join(" ");
    if (!IGNORED.some((pattern) => pattern.test(line))) written.push(`${level}: ${line}`);
  });
}

afterEach(() => {
  expect(written.splice(0)).toEqual([]);
});
