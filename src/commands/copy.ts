// Moves a world's players to another database: `npm run store:copy -- FROM TO`.

import { openStoreAt } from "../store/open.ts";
import type { Store } from "../store/store.ts";
import { type Command, runIfStarted, UsageError } from "./command.ts";

/** Places of one transaction. */
const PAGE = 10_000;

/** How far a copy is. */
export interface Copied {
  /** Places read. */
  read: number;
  /** Places written; the others are newer where they were to be written. */
  written: number;
}

/**
 * Copies all places. Where both stores have one the later stays, so a copy may be repeated, and broken off.
 * @param progress is told after each transaction.
 */
export async function copy(from: Store, to: Store, progress: (copied: Copied) => void = () => {}): Promise<Copied> {
  const copied = { read: 0, written: 0 };
  for await (const page of from.pages(PAGE)) {
    copied.written += await to.save(page);
    copied.read += page.length;
    progress(copied);
  }
  return copied;
}

/** The command. */
export const COPY: Command = {
  help: `Copies all places from one store to another. Where both have one, the later stays: it may be run again.

  npm run store:copy -- FROM TO

FROM and TO are each a data folder, a SQLite file, or postgres://user:password@host:port/database.
TO is made if it is missing. The server may be running; what it saves meanwhile may be left behind, so stop it and
copy once more before you start it on TO.`,
  async run({ positionals }) {
    const [from, to, ...rest] = positionals;
    if (!from || !to || rest.length > 0) {
      throw new UsageError(`got ${positionals.length} addresses; expected two, FROM and TO`);
    }
    const source = await openStoreAt(from, "FROM", true);
    try {
      const target = await openStoreAt(to, "TO", false);
      try {
        const { read, written } = await copy(source, target, showProgress);
        return `copied ${written} of ${read} place(s); what was newer in TO stayed as it was`;
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  },
};

await runIfStarted(import.meta.filename, COPY);

/** For somebody who watches a line that counts up, for a log a line per transaction. */
function showProgress({ read }: Copied): void {
  process.stderr.write(process.stderr.isTTY ? `\r${read} places\r` : `${read} places\n`);
}
