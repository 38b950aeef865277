// Signs and redeems the tokens with which players arrive on another map.
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Arrival, ArrivalTokens } from "../../rooms/portals.ts";
import { serverError } from "../../rooms/server-error.ts";

/**
 * The lifetime of a token: long enough for a request on a slow network, but so short that a player cannot keep a token
 * for later use.
 */
const LIFETIME_MS = 10_000;

const Content = z.object({
  id: z.string(),
  expiresAt: z.number(),
  player: z.string().optional(),
  map: z.string(),
  x: z.int(),
  y: z.int(),
});

/**
 * Issues and redeems arrival tokens. A token can be redeemed once, within ten seconds. Only the player for whom it was
 * issued can redeem it, and only for its map.
 */
export class Arrivals implements ArrivalTokens {
  readonly #key: Buffer;
  /**
   * The redeemed tokens, oldest first. The key is the id of a token. The value is a time (ms since 1970) at which the
   * token has certainly expired, so its id can be forgotten.
   */
  readonly #redeemed = new Map<string, number>();

  constructor(secret: string) {
    // Derives a separate key, so that no other token that is signed with the secret is accepted as an arrival token.
    this.#key = createHmac("sha256", secret).update("arrival").digest();
  }

  issue(arrival: Arrival, player: string | undefined): string {
    const content: z.infer<typeof Content> = {
      ...{ id: randomUUID(), expiresAt: Date.now() + LIFETIME_MS, player },
      ...{ map: arrival.map, x: arrival.x, y: arrival.y },
    };
    const text = Buffer.from(JSON.stringify(content)).toString("base64url");
    return `${text}.${this.#sign(text).toString("base64url")}`;
  }

  redeem(token: string, player: string | undefined, map: string): Arrival {
    const now = Date.now();
    const content = this.#verify(token);
    this.#forgetExpired(now);
    const isValid = content?.player === player && content?.map === map && content.expiresAt > now;
    if (!isValid || this.#redeemed.has(content.id)) throw serverError("arrivalInvalid");
    this.#redeemed.set(content.id, now + LIFETIME_MS);
    return { map, x: content.x, y: content.y };
  }

  /** Returns the content of a token; undefined if this server did not sign it. */
  #verify(token: string): z.infer<typeof Content> | undefined {
    const [text = "", signature = ""] = token.split(".");
    const [given, expected] = [Buffer.from(signature, "base64url"), this.#sign(text)];
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return Content.parse(JSON.parse(Buffer.from(text, "base64url").toString()));
  }

  #sign(text: string): Buffer {
    return createHmac("sha256", this.#key).update(text).digest();
  }

  #forgetExpired(now: number): void {
    for (const [id, expiresAt] of this.#redeemed) {
      if (expiresAt > now) return;
      this.#redeemed.delete(id);
    }
  }
}
