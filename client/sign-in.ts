// Manages the player's token. Decides when to sign in, and what to do if the server refuses the token.
import { type Client, MatchMakeError, ServerError } from "@colyseus/sdk";

/** Matches the errors that refuse a token. The text of an error ends with its name, as in `… [tokenExpired]`. */
const TOKEN_ERRORS = /\[(tokenInvalid|tokenExpired|tokenForeign)\]$/;

/** The number of refused joins in a row after which the client replaces its token with the token of a new player. */
const MAX_REFUSALS = 2;

/** Returns whether an error refuses the player's token. */
export function isTokenRefused(error: unknown): boolean {
  const isFromServer = error instanceof MatchMakeError || error instanceof ServerError;
  return isFromServer && TOKEN_ERRORS.test(error.message);
}

/** Signs a client in anonymously, and keeps the same player for as long as the server accepts the player's token. */
export class SignIn {
  readonly #client: Client;
  #refusals = 0;
  /** Whether the server issued or renewed the token during this visit. */
  #isRenewed = false;

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Call this before each join. Signs in if the client has no token, or if the server has refused the token twice in a
   * row. A token that was refused only once is tried again. The refusal may come from a server that is about to be
   * replaced, and a new token would make the client a new player. A sign-in with a valid token renews this token.
   */
  async prepare(): Promise<void> {
    if (this.#client.auth.token && this.#refusals < MAX_REFUSALS) return;
    await this.#client.auth.signInAnonymously();
    this.#isRenewed = true;
    this.#refusals = 0;
  }

  /**
   * Call this after each join. Renews the token once per visit, so that the token of a player who returns regularly
   * never expires.
   */
  joined(): void {
    this.#refusals = 0;
    if (this.#isRenewed) return;
    this.#isRenewed = true;
    // The present token is still valid, so a failed renewal does no harm.
    this.#client.auth.signInAnonymously().catch(() => {});
  }

  /**
   * Call this after each failed join.
   * @returns whether the server refused the token. The join should then be tried again.
   */
  failed(error: unknown): boolean {
    if (!isTokenRefused(error)) return false;
    this.#refusals++;
    return true;
  }
}
