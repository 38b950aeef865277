// Signs and verifies the tokens that identify players.
import { randomBytes } from "node:crypto";
import { JWT } from "@colyseus/auth";
import { z } from "zod";
import { serverError } from "../../rooms/server-error.ts";

/** The lifetime of a token. A renewed token gets the full lifetime again. */
const LIFETIME = "365d";

/**
 * The only accepted algorithm. An attacker could forge tokens if a token could choose another algorithm: the algorithm
 * "none" needs no signature.
 */
const ALGORITHMS: ["HS256"] = ["HS256"];

/** Random bytes in a player's id. With 16 random bytes, ids practically never collide and cannot be guessed. */
const ID_BYTES = 16;

const Payload = z.object({ id: z.string().regex(/^[\w-]{22,64}$/), exp: z.number() });

/** Returns a random id for a new player: 22 URL-safe characters. */
export function newPlayerId(): string {
  return randomBytes(ID_BYTES).toString("base64url");
}

/** Signs and verifies tokens. */
export class Tokens {
  readonly #secret: string;
  readonly #secrets: readonly string[];
  #issued = 0;

  /** @param oldSecret the previous secret. Tokens that were signed with it stay valid. */
  constructor(secret: string, oldSecret?: string) {
    this.#secret = secret;
    this.#secrets = oldSecret === undefined ? [secret] : [secret, oldSecret];
  }

  /** The number of tokens signed so far. */
  get issued(): number {
    return this.#issued;
  }

  /** Returns a new token for a player. */
  async sign(id: string): Promise<string> {
    this.#issued++;
    JWT.settings.secret = this.#secret;
    return JWT.sign({ id }, { algorithm: ALGORITHMS[0], expiresIn: LIFETIME });
  }

  /**
   * Verifies a token and returns its player's id.
   * @throws {ServerError} `tokenInvalid` if this server did not sign the token, `tokenExpired` if it has expired, and
   * `tokenForeign` if it contains no valid player id.
   */
  async read(token: string): Promise<string> {
    const payload = Payload.safeParse(await this.#verify(token));
    if (!payload.success) throw serverError("tokenForeign");
    return payload.data.id;
  }

  async #verify(token: string): Promise<unknown> {
    for (const secret of this.#secrets) {
      // `JWT.verify` reads this global setting before it returns its promise, so concurrent calls do not interfere
      // with each other.
      JWT.settings.secret = secret;
      try {
        return await JWT.verify(token, { algorithms: ALGORITHMS });
      } catch (error) {
        // The library checks the signature before the expiry, so a token that is reported as expired has a valid
        // signature of this server.
        const isExpired = (error as Error).name === "TokenExpiredError";
        if (isExpired) throw serverError("tokenExpired");
      }
    }
    throw serverError("tokenInvalid");
  }
}
