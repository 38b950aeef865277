// Request and response between the bench and its child processes: each request gets one response.
import type { ChildProcess } from "node:child_process";

/** The requests that a child process handles, by name. Each has one argument. */
type Handlers<Requests> = { [Name in keyof Requests]: (argument: never) => unknown };

type Argument<Handler> = Handler extends (argument: infer A) => unknown ? A : never;
type Result<Handler> = Handler extends (argument: never) => infer R ? Awaited<R> : never;

interface Request {
  request: string;
  argument: unknown;
}
type Reply = { progress: string } | { result: unknown } | { error: string };

/** Handles the requests of the parent process. Exits when the parent disconnects. */
export function serve(handlers: Record<string, (argument: never) => unknown>): void {
  const send = (reply: Reply) => process.connected && process.send?.(reply);
  process.on("message", async ({ request, argument }: Request) => {
    try {
      const result = await handlers[request]?.(argument as never);
      send({ result });
    } catch (error) {
      send({ error: (error as Error).message });
    }
  });
  process.on("disconnect", () => process.exit(0));
}

/** Reports the progress of the current request to the parent process. */
export function report(progress: string): void {
  if (process.connected) process.send?.({ progress } satisfies Reply);
}

/** Sends a request to a child process and resolves with the result. */
export type Ask<Requests extends Handlers<Requests>> = <Name extends keyof Requests & string>(
  request: Name,
  argument: Argument<Requests[Name]>,
) => Promise<Result<Requests[Name]>>;

/**
 * Returns the function that sends requests to a child process in which `serve` runs. Requests must not overlap. A
 * request rejects if its handler throws, or if the child exits before it responds.
 * @param onProgress is called with each progress report.
 */
export function caller<Requests extends Handlers<Requests>>(
  child: ChildProcess,
  onProgress: (text: string) => void,
): Ask<Requests> {
  return (request, argument) =>
    new Promise((resolve, reject) => {
      const done = () => {
        child.off("message", onMessage);
        child.off("exit", onExit);
      };
      const onMessage = (reply: Reply) => {
        if ("progress" in reply) return onProgress(reply.progress);
        done();
        if ("error" in reply) reject(new Error(reply.error));
        else resolve(reply.result as never);
      };
      const onExit = (code: number | null, signal: string | null) => {
        done();
        reject(new Error(`the child process exited (${signal ?? code}) during the request "${request}"`));
      };
      child.on("message", onMessage);
      child.on("exit", onExit);
      child.send({ request, argument } satisfies Request);
    });
}
