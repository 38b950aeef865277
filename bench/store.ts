// Measures how long it takes to load one player record from a store with millions of records. The join of a signed-in
// player waits for the record.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandLine, wholeNumber } from "../cli/command-line.ts";
import type { PlayerRecord } from "../rooms/player-store.ts";
import { openStore } from "../src/store/open.ts";

interface Options {
  players: number;
  loads: number;
  databaseUrl?: string;
}

/** Records that are saved in one transaction. */
const BATCH = 20_000;

const { players, loads, databaseUrl } = commandLine(
  "bench:store",
  "Fills a store with records, then loads random ones in sequence and measures how long each load takes.",
)
  .option("--players <number>", "records in the store", wholeNumber(1, 1e9), 2_000_000)
  .option("--loads <number>", "records to load", wholeNumber(100, 1e9), 20_000)
  .option("--database-url <url>", "an empty PostgreSQL database, to which records are added; by default a SQLite file")
  .parse()
  .opts<Options>();
await measure();

async function measure(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "bench-store-"));
  const store = await openStore({ dataDir, databaseUrl });
  try {
    for (let first = 0; first < players; first += BATCH) {
      await store.save(Array.from({ length: Math.min(BATCH, players - first) }, (_, i) => placeOf(first + i)));
      if (first % (10 * BATCH) === 0) console.error(`stored ${first} of ${players} records`);
    }
    const times: number[] = [];
    for (let i = 0; i < loads; i++) {
      const { player, map } = placeOf(Math.floor(Math.random() * players));
      const start = performance.now();
      const found = await store.load(player, map);
      times.push(performance.now() - start);
      if (found?.player !== player) throw new Error(`the record of ${player} was not found`);
    }
    times.sort((a, b) => a - b);
    const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))]!.toFixed(2);
    console.log(
      "| store | places | loads | p50 ms | p99 ms | p99.9 ms | max ms |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    );
    const name = databaseUrl ? "PostgreSQL" : "SQLite";
    console.log(`| ${name} | ${players} | ${loads} | ${at(0.5)} | ${at(0.99)} | ${at(0.999)} | ${at(1)} |`);
  } finally {
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/**
 * Returns the record of the player with this number. The player's id is as long as a real id. The order of the ids
 * differs from the order of the players' numbers.
 */
function placeOf(number: number): PlayerRecord {
  const player = [...String(number).padStart(10, "0")].reverse().join("").padEnd(22, "x");
  return { player, map: "plaza", x: number % 4096, y: number % 2048, facing: 4, name: "bench", savedAt: 1 };
}
