// Logs refusals, up to a limit per minute. Otherwise a client that is refused all the time could fill the disk.

/** Writes the lines. */
interface Logger {
  info(fields: object, message: string): void;
}

/** Maximum lines per address in a period, and maximum addresses with lines in a period. */
const MAX_LINES_PER_ADDRESS = 20;
const MAX_ADDRESSES = 100;

/** The log fields of a refusal. */
interface RefusalFields {
  reason: string;
  /** The HTTP status or the close code of the answer; undefined if there was no answer. */
  code?: number;
  /** The address that the refusal counts for, see src/edge/addresses.ts. */
  address?: string;
}

/** Logs refusals. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #periodMs: number;
  /** Refusals of this period, by address. */
  readonly #counts = new Map<string, number>();
  /** Refusals of this period from addresses beyond MAX_ADDRESSES. */
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

  /** Logs how many refusals of this period have no line. */
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
