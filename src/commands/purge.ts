// Removes the records of players who have not played for a long time: `npm run store:purge -- --older-than 180d`.
import { InvalidArgumentError } from "commander";
import { openStore } from "../store/open.ts";
import type { Store } from "../store/store.ts";
import { runIfStarted, type StoreCommand } from "./command.ts";
import { storeSettings } from "./store-settings.ts";

/**
 * The number of records that one transaction covers. The server can write between two transactions, so it never waits
 * long for a purge.
 */
const PAGE = 1000;

/**
 * Removes the records that were saved before a time. A record that is saved again during the purge stays.
 * @param savedBefore ms since 1970.
 * @param dryRun whether to count the records without removing them.
 * @returns the number of removed (or counted) records.
 */
export async function purge(store: Store, savedBefore: number, dryRun = false): Promise<number> {
  let count = 0;
  for await (const page of store.pages(PAGE)) {
    const old = page.filter((record) => record.savedAt < savedBefore).length;
    if (old > 0) count += dryRun ? old : await store.purge(page[0]!, page.at(-1)!, savedBefore);
  }
  return count;
}

/**
 * Parses an age such as `36h`, `180d` or `2w`.
 * @returns milliseconds.
 * @throws {InvalidArgumentError} for anything else, including zero, which would remove every record.
 */
export function parseAge(text: string): number {
  const [, number, unit] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
  if (Number(number)) return Number(number) * HOURS[unit as keyof typeof HOURS] * 3_600_000;
  throw new InvalidArgumentError(
    `Got ${JSON.stringify(text)}; expected a whole number above 0 with the unit h, d or w, such as 180d.`,
  );
}

const HOURS = { h: 1, d: 24, w: 7 * 24 };

/** The command `store:purge`. */
export const PURGE: StoreCommand = {
  script: "store:purge",
  description: "Removes the records of players who have been away for longer than an age.",
  declare(line) {
    line
      .requiredOption("--older-than <age>", "a whole number with a unit: 36h, 180d, 26w", parseAge)
      .option("--dry-run", "count the records without removing them", false)
      .addHelpText(
        "after",
        `
The command uses the server's store: DATABASE_URL, or else the SQLite file in DATA_DIR. The server may be running.`,
      );
  },
  async run(line, environment) {
    const { olderThan, dryRun } = line.opts<{ olderThan: number; dryRun: boolean }>();
    const savedBefore = Date.now() - olderThan;
    const store = await openStore(storeSettings(environment));
    try {
      const count = await purge(store, savedBefore, dryRun);
      const before = new Date(savedBefore).toISOString();
      return `${dryRun ? "would remove" : "removed"} ${count} record(s) saved before ${before}`;
    } finally {
      await store.close();
    }
  },
};

await runIfStarted(import.meta.filename, PURGE);
