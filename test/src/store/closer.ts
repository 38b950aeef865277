// A process that saves one place and has nothing else to do: it ends by itself, if the store lets it.
import { openStore } from "../../../src/store/open.ts";
import { WriteBehind } from "../../../src/store/write-behind.ts";
import { place } from "./places.ts";

const places = new WriteBehind(await openStore({ dataDir: process.argv[2]! }), console);
places.start();
places.put(place());
console.log(`lost ${await places.close(5000)}`);
