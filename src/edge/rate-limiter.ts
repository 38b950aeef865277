// Limits how often each address may do something in a period, in bounded memory.
import { createHmac, randomBytes } from "node:crypto";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/**
 * Each address is hashed into one of this many buckets, so the memory is bounded. Two addresses rarely share a bucket
 * and its limit. The hash has a random salt, so an attacker cannot find an address that shares the bucket of a certain
 * client.
 */
const BUCKETS = 65_536;

/** A rate limit for each address. */
export class RateLimiter {
  readonly #limiter: RateLimiterMemory;
  readonly #salt = randomBytes(16);

  /** Allows each address up to `points` calls of `consume` within `seconds`. */
  constructor(points: number, seconds: number) {
    this.#limiter = new RateLimiterMemory({ points, duration: seconds });
  }

  /** Consumes one point of an address. @returns 0, or the seconds until a retry if no point is left. */
  async consume(address: string): Promise<number> {
    try {
      await this.#limiter.consume(this.#bucketOf(address));
      return 0;
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return secondsOf(refusal);
      throw refusal;
    }
  }

  /** Returns the seconds until a retry if an address has no points left, else 0. Consumes no point. */
  async retryAfter(address: string): Promise<number> {
    const bucket = await this.#limiter.get(this.#bucketOf(address));
    return bucket && bucket.remainingPoints <= 0 ? secondsOf(bucket) : 0;
  }

  #bucketOf(address: string): number {
    return createHmac("sha256", this.#salt).update(address).digest().readUInt32LE() % BUCKETS;
  }
}

function secondsOf(bucket: RateLimiterRes): number {
  return Math.max(1, Math.ceil(bucket.msBeforeNext / 1000));
}
