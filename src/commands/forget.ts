// Removes everything that is stored of one player: `npm run store:forget -- PLAYER_ID`.

import { openStore } from "../store/open.ts";
import { type Command, runIfStarted, UsageError } from "./command.ts";
import { storeSettings } from "./store-settings.ts";

/** The command. */
export const FORGET: Command = {
  help: `Removes a player from all maps.

  npm run store:forget -- PLAYER_ID

The store is the server's own: DATABASE_URL, or else the SQLite file in DATA_DIR. The player should not be playing:
a running server saves them anew when they move.`,
  async run({ positionals }, environment) {
    const [player, ...rest] = positionals;
    if (!player || rest.length > 0) throw new UsageError(`got ${positionals.length} words; expected one player id`);
    const store = await openStore(storeSettings(environment));
    try {
      return `removed ${await store.forget(player)} place(s) of the player ${player}`;
    } finally {
      await store.close();
    }
  },
};

await runIfStarted(import.meta.filename, FORGET);
