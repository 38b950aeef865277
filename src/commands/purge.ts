// Removes the places of players who have not been here for long: `npm run store:purge -- --older-than 180d`.

import { openStore } from "../store/open.ts";
import type { Store } from "../store/store.ts";
import { type Command, runIfStarted, UsageError } from "./command.ts";
import { storeSettings } from "./store-settings.ts";

/** Places looked at in one go. Between two the server gets to write, so it never waits long for a purge. */
const PAGE = 1000;

/**
 * Removes what was saved before a time; a place that is saved meanwhile stays.
 * @param savedBefore ms since 1970.
 * @param dryRun counts alone.
 * @returns how many places it were.
 */
export async function purge(store: Store, savedBefore: number, dryRun = false): Promise<number> {
  let count = 0;
  for await (const page of store.pages(PAGE)) {
    const old = page.filter((place) => place.savedAt < savedBefore).length;
    if (old > 0) count += dryRun ? old : await store.purge(page[0]!, page.at(-1)!, savedBefore);
  }
  return count;
}

/**
 * The milliseconds of an age such as `36h`, `180d`, `2w`.
 * @throws {UsageError} for anything else, zero included: it would remove everybody.
 */
export function readAge(text: string | undefined): number {
  const [, number, unit] = /^(\d{1,5})([hdw])$/.exec(text ?? "") ?? [];
  if (!Number(number)) {
    const given = text === undefined ? "--older-than is missing" : `--older-than: got ${JSON.stringify(text)}`;
    throw new UsageError(`${given}; expected a whole number above 0 with a unit, h, d or w, such as 180d`);
  }
  return Number(number) * HOURS[unit as keyof typeof HOURS] * 3_600_000;
}

const HOURS = { h: 1, d: 24, w: 7 * 24 };

/** The command. */
export const PURGE: Command = {
  help: `Removes the places that were saved longer ago than an age.

  npm run store:purge -- --older-than AGE [--dry-run]

  --older-than AGE  a whole number with a unit: 36h, 180d, 26w
  --dry-run         removes nothing, only counts

The store is the server's own: DATABASE_URL, or else the SQLite file in DATA_DIR. The server may be running.`,
  flags: { "older-than": { type: "string" }, "dry-run": { type: "boolean" } },
  async run({ values, positionals }, environment) {
    if (positionals.length > 0) throw new UsageError(`got ${positionals.length} words; expected flags alone`);
    const savedBefore = Date.now() - readAge(values["older-than"] as string | undefined);
    const dryRun = values["dry-run"] === true;
    const store = await openStore(storeSettings(environment));
    try {
      const count = await purge(store, savedBefore, dryRun);
      const before = new Date(savedBefore).toISOString();
      return `${dryRun ? "would remove" : "removed"} ${count} place(s) saved before ${before}`;
    } finally {
      await store.close();
    }
  },
};

await runIfStarted(import.meta.filename, PURGE);
