// A process that saves in a loop until a test kills it. It prints the number of each save after the commit.
import { storeSettings } from "../../../src/commands/store-settings.ts";
import { openStore } from "../../../src/store/open.ts";
import { crowd } from "./places.ts";

const store = await openStore(storeSettings(process.env));
for (let savedAt = 1; ; savedAt++) {
  await store.save(crowd(300, { savedAt, x: savedAt }));
  console.log(savedAt);
}
