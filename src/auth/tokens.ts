// The tokens by which players are known again: who signs them, what is in them, and which are no good.
import { randomBytes } from "node:crypto";
import { JWT } from "@colyseus/auth";
import { z } from "zod";
import { serverError } from "../../rooms/server-error.ts";

/** How long a token is good from its last renewal. */
const LIFETIME = "365d";

/** The one algorithm, whatever a token says of itself: "none" and public keys are ways to sign for others. */
const ALGORITHMS: ["HS256"] = ["HS256"];

/** Bytes of a player's id: nobody meets one by chance, nobody guesses one. */
const ID_BYTES = 16;

const Payload = z.object({ id: z.string().regex(/^[\w-]{22,64}$/), exp: z.number() });

/** An id for a new player: 22 characters that a URL takes as they are. */
export function newPlayerId(): string {
  return randomBytes(ID_BYTES).toString("base64url");
}

/** Signs tokens and reads them. */
export class Tokens {
  readonly #secret: string;
  readonly #secrets: readonly string[];
  #issued = 0;

  /** @param oldSecret the one before, whose tokens are read too. */
  constructor(secret: string, oldSecret?: string) {
    this.#secret = secret;
    this.#secrets = oldSecret === undefined ? [secret] : [secret, oldSecret];
  }

  /** How many were signed. */
  get issued(): number {
    return this.#issued;
  }

  /** A new token for a player. */
  async sign(id: string): Promise<string> {
    this.#issued++;
    JWT.settings.secret = this.#secret;
    return JWT.sign({ id }, { algorithm: ALGORITHMS[0], expiresIn: LIFETIME });
  }

  /**
   * The id of the player that a token names.
   * @throws {ServerError} for a token that is forged, has expired or was signed for something else.
   */
  async read(token: string): Promise<string> {
    const payload = Payload.safeParse(await this.#verify(token));
    if (!payload.success) throw serverError("tokenForeign");
    return payload.data.id;
  }

  async #verify(token: string): Promise<unknown> {
    for (const secret of this.#secrets) {
      // The library takes its secret from here, and within this very call.
      JWT.settings.secret = secret;
      try {
        return await JWT.verify(token, { algorithms: ALGORITHMS });
      } catch (error) {
        // It says so only of a token whose signature is good.
        const isExpired = (error as Error).name === "TokenExpiredError";
        if (isExpired) throw serverError("tokenExpired");
      }
    }
    throw serverError("tokenInvalid");
  }
}
