// A process that saves one record and closes the store. The process then exits, unless the closed store keeps it alive.
import { openStore } from "../../../src/store/open.ts";
import { WriteBehind } from "../../../src/store/write-behind.ts";
import { place } from "./places.ts";

const queue = new WriteBehind(await openStore({ dataDir: process.argv[2]! }), console);
queue.start();
queue.put(place());
console.log(`lost ${await queue.close(5000)}`);
