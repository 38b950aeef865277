// Logs refusals, up to a limit per minute. Without a limit, a client that repeats a refused request could fill the
// disk.

/** Writes the log lines. */
interface Logger {
  info(fields: object, message: string): void;
}

/** Limits per period: the number of lines for one address, and the number of addresses that get lines. */
const MAX_LINES_PER_ADDRESS = 20;
const MAX_ADDRESSES = 100;

/** The log fields of a refusal. */
interface RefusalFields {
  reason: string;
  /** The HTTP status or the close code of the answer; undefined if there was no answer. */
  code?: number;
  /** The client's address, as src/edge/addresses.ts returns it. */
  address?: string;
}

/** Logs refusals. After each period, a line per address tells how many refusals were not logged. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #periodMs: number;
  /** The number of refusals in this period, by address. */
  readonly #counts = new Map<string, number>();
  /** The number of refusals in this period from further addresses, after MAX_ADDRESSES is reached. */
  #others = 0;

  constructor(logger: Logger, periodMs = 60_000) {
    this.#logger = logger;
    this.#periodMs = periodMs;
  }

  write(fields: RefusalFields): void {
    const { address = "unknown" } = fields;
    if (this.#counts.size === 0) setTimeout(() => this.#endPeriod(), this.#periodMs).unref();
    const before = this.#counts.get(address) ?? 0;
    if (before === 0 && this.#counts.size >= MAX_ADDRESSES) {
      this.#others++;
      return;
    }
    this.#counts.set(address, before + 1);
    if (before < MAX_LINES_PER_ADDRESS) this.#logger.info(fields, "refused");
  }

  /** Logs how many refusals of this period were not logged, and begins the next period. */
  #endPeriod(): void {
    for (const [address, count] of this.#counts) {
      const leftOut = count - MAX_LINES_PER_ADDRESS;
      if (leftOut > 0) this.#logger.info({ address, leftOut }, "refusals suppressed");
    }
    if (this.#others > 0) this.#logger.info({ leftOut: this.#others }, "refusals suppressed");
    this.#counts.clear();
    this.#others = 0;
  }
}
