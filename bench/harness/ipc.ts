// How the bench talks to the two processes that it measures with: an order goes out, one answer comes back.
import type { ChildProcess } from "node:child_process";

/** What an order can do: a function of one argument, named. */
type Handlers<Orders> = { [Name in keyof Orders]: (argument: never) => unknown };

type Argument<Handler> = Handler extends (argument: infer A) => unknown ? A : never;
type Answer<Handler> = Handler extends (argument: never) => infer R ? Awaited<R> : never;

interface Order {
  order: string;
  argument: unknown;
}
type Reply = { progress: string } | { answer: unknown } | { fault: string };

/** Carries out the orders of the parent process, one at a time, and ends with it. */
export function serve(handlers: Record<string, (argument: never) => unknown>): void {
  const send = (reply: Reply) => process.connected && process.send?.(reply);
  process.on("message", async ({ order, argument }: Order) => {
    try {
      const answer = await handlers[order]?.(argument as never);
      send({ answer });
    } catch (error) {
      send({ fault: (error as Error).message });
    }
  });
  process.on("disconnect", () => process.exit(0));
}

/** Tells the parent process how far an order is. */
export function report(progress: string): void {
  if (process.connected) process.send?.({ progress } satisfies Reply);
}

/** Gives an order to a child process that obeys, and waits for the answer; `tell` hears of the progress. */
export type Ask<Orders extends Handlers<Orders>> = <Name extends keyof Orders & string>(
  order: Name,
  argument: Argument<Orders[Name]>,
) => Promise<Answer<Orders[Name]>>;

/**
 * The asking end of a child process that obeys.
 * An order fails if the child ends before it has answered; orders must not overlap.
 */
export function caller<Orders extends Handlers<Orders>>(
  child: ChildProcess,
  tell: (text: string) => void,
): Ask<Orders> {
  return (order, argument) =>
    new Promise((resolve, reject) => {
      const done = () => {
        child.off("message", hear);
        child.off("exit", gone);
      };
      const hear = (reply: Reply) => {
        if ("progress" in reply) return tell(reply.progress);
        done();
        if ("fault" in reply) reject(new Error(reply.fault));
        else resolve(reply.answer as never);
      };
      const gone = (code: number | null, signal: string | null) => {
        done();
        reject(new Error(`it ended (${signal ?? code}) during the order "${order}"`));
      };
      child.on("message", hear);
      child.on("exit", gone);
      child.send({ order, argument } satisfies Order);
    });
}
