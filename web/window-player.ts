// Gives this window a player of its own. By default, all windows of a browser share one player.
import type { Client } from "@colyseus/sdk";
import { keep, kept } from "./kept.ts";

const STORAGE_KEY = "sabang-window-token";

/** Returns whether this window has a player of its own. A reload keeps the player; a new window does not get it. */
export function isWindowPlayer(): boolean {
  return kept(STORAGE_KEY, "sessionStorage") !== undefined;
}

/**
 * Lets a client play as this window's own player, and keeps the player's token in this window. By default, the SDK
 * would keep this token for the whole browser, and replace the token of the shared player.
 */
export function playAsWindow({ auth, http }: Client): void {
  const use = (token: string | undefined) => {
    auth.token = token as string; // in the SDK, the getter's type includes undefined, but the setter's type does not
  };
  use(kept(STORAGE_KEY, "sessionStorage"));
  auth.signInAnonymously = async () => {
    const { data } = await http.post("/auth/anonymous", { body: {} });
    use(data.token);
    keep(STORAGE_KEY, data.token, "sessionStorage");
    return data;
  };
}
