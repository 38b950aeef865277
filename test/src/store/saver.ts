// A process that does nothing but save, to be killed by a test: it says the number of each save after its commit.
import { storeSettings } from "../../../src/commands/store-settings.ts";
import { openStore } from "../../../src/store/open.ts";
import { crowd } from "./places.ts";

const store = await openStore(storeSettings(process.env));
for (let savedAt = 1; ; savedAt++) {
  await store.save(crowd(300, { savedAt, x: savedAt }));
  console.log(savedAt);
}
