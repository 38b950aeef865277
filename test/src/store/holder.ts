// A process that opens the store in a folder as a server would, prints the outcome, and keeps the store open.
import { openServerStore } from "../../../src/store/open.ts";

try {
  const store = await openServerStore({ dataDir: process.argv[2]! });
  console.log("open");
  setInterval(() => store, 60_000);
} catch (error) {
  console.log((error as Error).message);
}
