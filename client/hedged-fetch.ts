// A fetch for networks that are slow or lose requests. A client cannot tell whether a request is slow or lost until an
// answer arrives.

/**
 * Fetches like `fetch`, but sends the request again whenever no answer has arrived for `againMs`. The earlier requests
 * stay open, and the first answer is used. A later request gets the answer if the first request was lost. The first
 * request gets the answer if the network is only slow.
 * @param againMs milliseconds after which the request is sent again.
 * @param limitMs milliseconds for all requests together, including the body of the answer.
 * @throws {DOMException} `TimeoutError` after `limitMs`.
 */
export function hedgedFetch(
  [input, init]: Parameters<typeof fetch>,
  { againMs, limitMs }: { againMs: number; limitMs: number },
): Promise<Response> {
  const limit = AbortSignal.timeout(limitMs);
  const open = new Set<AbortController>();
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const send = () => {
    const request = new AbortController();
    open.add(request);
    limit.addEventListener("abort", () => request.abort(limit.reason));
    fetch(input, { ...init, signal: request.signal }).then(
      (response) => {
        open.delete(request);
        end();
        resolve(response);
      },
      (error) => {
        open.delete(request);
        if (open.size > 0) return;
        end();
        reject(error);
      },
    );
  };
  const timer = setInterval(send, againMs);
  const end = () => {
    clearInterval(timer);
    for (const request of open) request.abort();
  };
  send();
  return promise;
}
