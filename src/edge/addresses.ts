// The address that a request counts for: the address of its socket, or the one that a trusted proxy states.
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import ipaddr from "ipaddr.js";
import proxyaddr from "proxy-addr";

/** Whether an address is in a private network, as proxies usually are. */
const isPrivate = proxyaddr.compile(["loopback", "linklocal", "uniquelocal"]);

/** Finds the addresses of requests and WebSockets. */
export class Addresses {
  readonly #isProxy: (address: string, hop: number) => boolean;
  /** The addresses of connections that have become WebSockets. */
  readonly #ofSockets = new WeakMap<Duplex, string>();

  /** @param proxies addresses, networks and names of networks, as in `TRUST_PROXY`. */
  constructor(proxies: string[]) {
    this.#isProxy = proxyaddr.compile(proxies);
  }

  /** Returns the key of a request, as `rateLimitKey` does. */
  of(request: IncomingMessage): string {
    // The socket's address comes first, then the address that each proxy has added.
    const hops = proxyaddr.all(request, this.#isProxy).map(withoutPort);
    // If a proxy states no valid address, the request counts for the address of that proxy.
    return rateLimitKey(hops.findLast((hop) => isIP(hop) > 0) ?? "");
  }

  /** Remembers the address of a connection that becomes a WebSocket. */
  keep(socket: Duplex, address: string): void {
    this.#ofSockets.set(socket, address);
  }

  /** Returns the address of a WebSocket's connection. */
  ofSocket(socket: Duplex): string | undefined {
    return this.#ofSockets.get(socket);
  }

  /** Whether a request seems to come from a proxy that is not in `TRUST_PROXY`. All its clients share one address. */
  isFromUnknownProxy(request: IncomingMessage): boolean {
    const { remoteAddress } = request.socket;
    if (request.headers["x-forwarded-for"] === undefined || remoteAddress === undefined) return false;
    return isPrivate(remoteAddress, 0) && !this.isProxy(remoteAddress);
  }

  /** Whether a request comes from a trusted proxy. */
  isFromProxy(request: IncomingMessage): boolean {
    return this.isProxy(request.socket.remoteAddress);
  }

  /** Whether an address is that of a trusted proxy. */
  isProxy(address: string | undefined): boolean {
    return address !== undefined && this.#isProxy(address, 0);
  }
}

/** Removes the port that some proxies add: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  return /^\[([^\]]+)\](:\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
}

/**
 * Returns the key by which an address is counted. An IPv6 address is counted by its /64 network, because one client may
 * have all 2^64 addresses of that network. An IPv4 address that is mapped into IPv6 is counted as that IPv4 address.
 */
export function rateLimitKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  const network = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(":")}::/64`;
}
