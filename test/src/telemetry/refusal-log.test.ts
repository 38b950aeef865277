// The log of refusals: one line per refusal, up to a limit, then the number of suppressed refusals.
import { expect, test } from "@jest/globals";
import { RefusalLog } from "../../../src/telemetry/refusal-log.ts";
import { until } from "../../support/until.ts";

test("the log shows up to 20 refusals per address and period, and then the number of suppressed refusals", async () => {
  const lines: object[] = [];
  const log = new RefusalLog({ info: (fields, msg) => lines.push({ ...fields, msg }) }, 50);
  for (let i = 0; i < 500; i++) log.write({ reason: "tooManyJoins", code: 429, address: "192.0.2.1" });
  log.write({ reason: "badFrame", code: 4310, address: "192.0.2.2" });
  const [one, two] = ["192.0.2.1", "192.0.2.2"];
  expect(lines).toEqual([
    ...Array(20).fill({ reason: "tooManyJoins", code: 429, address: one, msg: "refused" }),
    { reason: "badFrame", code: 4310, address: two, msg: "refused" },
  ]);
  await until(() => lines.length > 21);
  expect(lines.slice(21)).toEqual([{ address: one, leftOut: 480, msg: "refusals suppressed" }]);
  // In the next period, refusals of the first address are logged again.
  log.write({ reason: "tooManyJoins", code: 429, address: "192.0.2.1" });
  expect(lines).toHaveLength(23);
});

test("the log shows the refusals of up to 100 addresses per period, and then the number of suppressed refusals", async () => {
  const lines: object[] = [];
  const log = new RefusalLog({ info: (fields, msg) => lines.push({ ...fields, msg }) }, 50);
  for (let i = 0; i < 10_000; i++) log.write({ reason: "foreignOrigin", code: 403, address: `2001:db8:0:${i}::/64` });
  expect(lines).toHaveLength(100);
  await until(() => lines.length > 100);
  expect(lines.slice(100)).toEqual([{ leftOut: 9900, msg: "refusals suppressed" }]);
});
