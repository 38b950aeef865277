// Recognises proxies that do not pass on WebSockets: they drop the `Upgrade` header, so the server receives an ordinary
// GET.
import type { IncomingMessage } from "node:http";
import { isSocketRequest } from "./socket-paths.ts";

/** Milliseconds for which an address is remembered, and the maximum number of addresses. */
const MEMORY_MS = 60_000;
const MAX_ADDRESSES = 1000;

/**
 * Whether a request that has arrived as an ordinary request was a WebSocket upgrade when the client sent it. Only
 * WebSocket clients can send the `Sec-WebSocket-Key` header.
 */
export function isUpgradeDropped(request: IncomingMessage): boolean {
  return request.headers["sec-websocket-key"] !== undefined && isSocketRequest(request);
}

/** The addresses whose last request for a WebSocket arrived without `Upgrade`. */
export class DroppedUpgrades {
  /** For each address, the time until which it is remembered. The oldest address comes first. */
  readonly #until = new Map<string, number>();

  add(address: string): void {
    this.#until.delete(address);
    this.#until.set(address, performance.now() + MEMORY_MS);
    if (this.#until.size > MAX_ADDRESSES) this.#until.delete(this.#until.keys().next().value!);
  }

  /** Called when an upgrade of the address has arrived. */
  delete(address: string): void {
    this.#until.delete(address);
  }

  has(address: string): boolean {
    return (this.#until.get(address) ?? 0) > performance.now();
  }
}
