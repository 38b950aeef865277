// Copies all records to another database: `npm run store:copy -- FROM TO`.
import { openStoreAt } from "../store/open.ts";
import type { Store } from "../store/store.ts";
import { runIfStarted, type StoreCommand } from "./command.ts";

/** The number of records that one transaction copies. */
const PAGE = 10_000;

/** The progress of a copy. */
export interface Copied {
  /** Records read. */
  read: number;
  /** Records written. The other records were skipped, because the target has newer versions of them. */
  written: number;
}

/**
 * Copies all records. The target keeps the newer record if both stores have a record with the same key. So a copy can
 * be interrupted and repeated.
 * @param progress is called after each transaction.
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

/** The command `store:copy`. */
export const COPY: StoreCommand = {
  script: "store:copy",
  description: "Copies all records from one store to another. If both have a record, the later one stays.",
  declare(line) {
    line
      .argument("<from>", "a data folder, a SQLite file, or postgres://user:password@host:port/database")
      .argument("<to>", "the same kinds; a missing folder or file is created")
      .addHelpText(
        "after",
        `
The command can be repeated. The server may be running, but the copy may lack records that are saved meanwhile. So stop
the server and copy once more before you start it on TO.`,
      );
  },
  async run({ processedArgs: [from, to] }) {
    const source = await openStoreAt(from, "FROM", true);
    try {
      const target = await openStoreAt(to, "TO", false);
      try {
        const { read, written } = await copy(source, target, showProgress);
        return `copied ${written} of ${read} record(s); newer records in TO were kept`;
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  },
};

await runIfStarted(import.meta.filename, COPY);

/** Prints the progress after a transaction. On a terminal, each line overwrites the previous one. */
function showProgress({ read }: Copied): void {
  process.stderr.write(process.stderr.isTTY ? `\r${read} records\r` : `${read} records\n`);
}
