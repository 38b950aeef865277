// Writes a line for each refusal, but only so many in a minute: who is refused all the time is not to fill the disk.

/** Who takes the lines. */
interface Logger {
  info(fields: object, message: string): void;
}

/** Lines for one address in a period, and addresses that have lines of their own in it. */
const LINES = 20;
const ADDRESSES = 100;

/** What a line says of a refusal. */
interface RefusalFields {
  reason: string;
  /** What was answered, if anything was: a status or a close code. */
  code?: number;
  /** Whom it counts for, see src/edge/addresses.ts. */
  address?: string;
}

/** The refusals in the log. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #periodMs: number;
  /** Refusals of this period, by address. */
  readonly #counts = new Map<string, number>();
  /** Those of addresses beyond ADDRESSES. */
  #others = 0;

  constructor(logger: Logger, periodMs = 60_000) {
    this.#logger = logger;
    this.#periodMs = periodMs;
  }

  write(fields: RefusalFields): void {
    const { address = "unknown" } = fields;
    if (this.#counts.size === 0) setTimeout(() => this.#endPeriod(), this.#periodMs).unref();
    const before = this.#counts.get(address) ?? 0;
    if (before === 0 && this.#counts.size >= ADDRESSES) {
      this.#others++;
      return;
    }
    this.#counts.set(address, before + 1);
    if (before < LINES) this.#logger.info(fields, "refused");
  }

  /** Says how many lines were left out. */
  #endPeriod(): void {
    for (const [address, count] of this.#counts) {
      if (count > LINES) this.#logger.info({ address, leftOut: count - LINES }, "more was refused than has lines");
    }
    if (this.#others > 0) this.#logger.info({ leftOut: this.#others }, "more was refused than has lines");
    this.#counts.clear();
    this.#others = 0;
  }
}
