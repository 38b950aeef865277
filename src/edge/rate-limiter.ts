// How often an address may do something: so many times in a period, in bounded memory.
import { createHmac, randomBytes } from "node:crypto";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/**
 * How many accounts are kept at most. Addresses are dealt out to them at random: should two share one, they share its
 * budget, which is seldom, and nobody can choose whose budget to use up.
 */
const ACCOUNTS = 65_536;

/** A budget for each address. */
export class RateLimiter {
  readonly #limiter: RateLimiterMemory;
  readonly #salt = randomBytes(16);

  /** `times` within `seconds`, for each address. */
  constructor(times: number, seconds: number) {
    this.#limiter = new RateLimiterMemory({ points: times, duration: seconds });
  }

  /** Takes one time off the budget of an address. Gives the seconds to wait if there is none left, else 0. */
  async consume(address: string): Promise<number> {
    try {
      await this.#limiter.consume(this.#accountOf(address));
      return 0;
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return secondsOf(refusal);
      throw refusal;
    }
  }

  /** The seconds to wait if nothing is left of the budget of an address, else 0. Takes nothing off. */
  async retryAfter(address: string): Promise<number> {
    const account = await this.#limiter.get(this.#accountOf(address));
    return account && account.remainingPoints <= 0 ? secondsOf(account) : 0;
  }

  #accountOf(address: string): number {
    return createHmac("sha256", this.#salt).update(address).digest().readUInt32LE() % ACCOUNTS;
  }
}

function secondsOf(account: RateLimiterRes): number {
  return Math.max(1, Math.ceil(account.msBeforeNext / 1000));
}
