// Finds the address of the client that sent a request, for the limits per address and for the log. This address is the
// socket's address, or the address that a trusted proxy states in X-Forwarded-For.
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import ipaddr from "ipaddr.js";
import proxyaddr from "proxy-addr";

/** Whether an address is in a private network, as proxies usually are. */
const isInPrivateNetwork = proxyaddr.compile(["loopback", "linklocal", "uniquelocal"]);

/** Finds the addresses of requests and WebSockets. */
export class Addresses {
  readonly #isProxy: (address: string, hop: number) => boolean;
  /** The client addresses of connections that have become WebSockets. */
  readonly #ofSockets = new WeakMap<Duplex, string>();

  /** @param proxies addresses, networks and names of networks, as in `TRUST_PROXY`. */
  constructor(proxies: string[]) {
    this.#isProxy = proxyaddr.compile(proxies);
  }

  /** Returns the address of the client that sent a request, in the form that `rateLimitKey` returns. */
  of(request: IncomingMessage): string {
    // `hops` begins with the socket's address. Then come the addresses of X-Forwarded-For from right to left, up to
    // and including the first address that is not a trusted proxy.
    const hops = proxyaddr.all(request, this.#isProxy).map(withoutPort);
    // Uses the address of the proxy itself if the address that it has passed on is invalid.
    return rateLimitKey(hops.findLast((hop) => isIP(hop) > 0) ?? "");
  }

  /** Remembers the client address of a connection that becomes a WebSocket. */
  keep(socket: Duplex, address: string): void {
    this.#ofSockets.set(socket, address);
  }

  /** Returns the client address of a WebSocket's connection. */
  ofSocket(socket: Duplex): string | undefined {
    return this.#ofSockets.get(socket);
  }

  /**
   * Whether a request seems to come from a proxy that is not in `TRUST_PROXY`. All clients of such a proxy share its
   * address and the limits of that address.
   */
  isFromUnknownProxy(request: IncomingMessage): boolean {
    const { remoteAddress } = request.socket;
    if (request.headers["x-forwarded-for"] === undefined || remoteAddress === undefined) return false;
    return isInPrivateNetwork(remoteAddress, 0) && !this.isProxy(remoteAddress);
  }

  /** Whether a key of `rateLimitKey` is in a private network, as the addresses of proxies usually are. */
  isPrivate(key: string): boolean {
    const address = key.replace("::/64", "::");
    return isIP(address) > 0 && isInPrivateNetwork(address, 0);
  }

  /** Whether a request comes from a trusted proxy. */
  isFromProxy(request: IncomingMessage): boolean {
    return this.isProxy(request.socket.remoteAddress);
  }

  /** Whether an address belongs to a trusted proxy. */
  isProxy(address: string | undefined): boolean {
    return address !== undefined && this.#isProxy(address, 0);
  }
}

/** Removes the port that some proxies add: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  return /^\[([^\]]+)\](:\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
}

/**
 * Returns the key under which the limits per address count a client. For an IPv6 address it is the /64 network, because
 * one client may have all 2^64 addresses of that network. For an IPv4 address that is mapped into IPv6 it is the IPv4
 * address.
 */
export function rateLimitKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  const network = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(":")}::/64`;
}
