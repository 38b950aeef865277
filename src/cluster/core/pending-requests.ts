// The unanswered requests of a process.
import type { Answer, Content } from "./ports.ts";

interface Pending {
  readonly content: Content;
  /** The time at which the request fails if it has no answer. */
  readonly until: number;
  readonly answer: (content: Content | undefined) => void;
  isSent: boolean;
}

/** The requests of one process. Each is answered once, with undefined if it has timed out, unless it is withdrawn. */
export class PendingRequests {
  readonly #limit: number;
  readonly #pending = new Map<string, Pending>();
  #last = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Adds a request. It fails at once if too many requests are waiting.
   * @returns a function that withdraws the request. After that, the request is not sent any more, and `answer` is not
   * called.
   */
  add(content: Content, until: number, answer: (content: Content | undefined) => void): () => void {
    const request = `${++this.#last}`;
    if (this.#pending.size >= this.#limit) answer(undefined);
    else this.#pending.set(request, { content, until, answer, isSent: false });
    return () => this.#pending.delete(request);
  }

  /** Takes the requests that have not yet been sent to the present authority. */
  take(): { request: string; content: Content }[] {
    const taken: { request: string; content: Content }[] = [];
    for (const [request, pending] of this.#pending) {
      if (pending.isSent) continue;
      pending.isSent = true;
      taken.push({ request, content: pending.content });
    }
    return taken;
  }

  /** Answers a request, unless it was answered before or has timed out. */
  answer({ request, content }: Answer): void {
    const pending = this.#pending.get(request);
    this.#pending.delete(request);
    pending?.answer(content);
  }

  /** Fails the requests that have timed out. */
  expire(now: number): void {
    for (const [request, { until, answer }] of this.#pending) {
      if (now < until) continue;
      this.#pending.delete(request);
      answer(undefined);
    }
  }

  /** Called when there is a new authority: all requests must be sent again. */
  restart(): void {
    for (const pending of this.#pending.values()) pending.isSent = false;
  }
}
