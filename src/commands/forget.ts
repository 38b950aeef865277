// Removes everything that is stored about one player: `npm run store:forget -- PLAYER_ID`.
import { openStore } from "../store/open.ts";
import { runIfStarted, type StoreCommand } from "./command.ts";
import { storeSettings } from "./store-settings.ts";

/** The command `store:forget`. */
export const FORGET: StoreCommand = {
  script: "store:forget",
  description: "Removes a player from all maps.",
  declare(line) {
    line.argument("<player-id>", "the player's id, as the log shows it").addHelpText(
      "after",
      `
The command uses the server's store: DATABASE_URL, or else the SQLite file in DATA_DIR. The player must not be playing,
because the server would save the player again.`,
    );
  },
  async run({ processedArgs: [player] }, environment) {
    const store = await openStore(storeSettings(environment));
    try {
      return `removed ${await store.forget(player)} record(s) of the player ${player}`;
    } finally {
      await store.close();
    }
  },
};

await runIfStarted(import.meta.filename, FORGET);
