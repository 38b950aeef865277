// Whose request it is: the address of the other end, or what a proxy that is trusted says of it. No other header counts.
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import proxyaddr from "proxy-addr";

/** Whether an address is one of a private network, where proxies are. */
const isPrivate = proxyaddr.compile(["loopback", "linklocal", "uniquelocal"]);

/** Reads addresses out of requests. */
export class Addresses {
  readonly #isProxy: (address: string, hop: number) => boolean;
  /** Whom the connections count for that have become WebSockets. */
  readonly #ofSockets = new WeakMap<Duplex, string>();

  /** `proxies`: addresses, networks and names of networks, as `TRUST_PROXY` has them. */
  constructor(proxies: string[]) {
    this.#isProxy = proxyaddr.compile(proxies);
  }

  /** Whom a request counts for, by the rules of `accountOf`. */
  of(request: IncomingMessage): string {
    // The nearest first: the socket's, then those that each proxy has added.
    const hops = proxyaddr.all(request, this.#isProxy).map(withoutPort);
    // A proxy that states no address at all is the last thing we know.
    return rateLimitKey(hops.findLast((hop) => isIP(hop) > 0) ?? "");
  }

  /** Keeps whom a connection counts for when its request is over, and it goes on as a WebSocket. */
  keep(socket: Duplex, address: string): void {
    this.#ofSockets.set(socket, address);
  }

  /** Whom a WebSocket's connection counts for. */
  ofSocket(socket: Duplex): string | undefined {
    return this.#ofSockets.get(socket);
  }

  /** Whether a request seems to come by a proxy that nobody has named: whoever comes by it is one address. */
  isFromUnknownProxy(request: IncomingMessage): boolean {
    const { remoteAddress } = request.socket;
    if (request.headers["x-forwarded-for"] === undefined || remoteAddress === undefined) return false;
    return isPrivate(remoteAddress, 0) && !this.isProxy(remoteAddress);
  }

  /** Whether the other end of a request's socket is a proxy whose headers are believed. */
  isFromProxy(request: IncomingMessage): boolean {
    return this.isProxy(request.socket.remoteAddress);
  }

  /** Whether an address is that of a proxy whose headers are believed. */
  isProxy(address: string | undefined): boolean {
    return address !== undefined && this.#isProxy(address, 0);
  }
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  return /^\[([^\]]+)\](:\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
}

/**
 * Whom an address counts for. An IPv6 address counts for its /64 network, since its holder has all 2^64 of them; one that
 * is a mapped IPv4 address is that address.
 */
export function rateLimitKey(address: string): string {
  if (isIP(address) !== 6) return address;
  // The URL parser writes any spelling of an address in one way: eight groups, of which a run of zeros may be `::`.
  const host = new URL(`http://[${address.split("%", 1)[0]}]`).hostname.slice(1, -1);
  const [left = "", right] = host.split("::");
  const head = left.split(":").filter(Boolean);
  const tail = (right ?? "").split(":").filter(Boolean);
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  if (groups.slice(0, 6).join() === "0,0,0,0,0,ffff") {
    const [high, low] = groups.slice(6).map((group) => Number.parseInt(group, 16)) as [number, number];
    return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}
