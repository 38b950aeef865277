// Warnings for the operator about a proxy that is not set up for this server. Each kind of warning is logged once.
import type { IncomingMessage } from "node:http";
import { logger } from "colyseus";
import type { Addresses } from "./addresses.ts";

/** Finds proxies that are not set up for this server, and logs which setting to change. */
export class ProxyHints {
  readonly #addresses: Addresses;
  readonly #logged = new Set<string>();

  constructor(addresses: Addresses) {
    this.#addresses = addresses;
  }

  /** Checks whether a request comes from a proxy that is not trusted. All clients of such a proxy share one address. */
  checkAddress(request: IncomingMessage): void {
    if (!this.#addresses.isFromUnknownProxy(request)) return;
    const from = request.socket.remoteAddress;
    this.#warn(
      "unknown proxy",
      `X-Forwarded-For comes from ${from}, which is not in TRUST_PROXY: all clients behind it share one address; ` +
        "add it to TRUST_PROXY if it is your proxy",
    );
  }

  /**
   * Checks that a trusted proxy states the client's address in the request of a player. The proxy's own requests, such
   * as health checks, have no client.
   */
  checkPlayer(request: IncomingMessage): void {
    if (!this.#addresses.isFromProxy(request) || request.headers["x-forwarded-for"]) return;
    const from = request.socket.remoteAddress;
    this.#warn(
      "no X-Forwarded-For",
      `a join from ${from}, which is in TRUST_PROXY, has no X-Forwarded-For: all clients behind that proxy share one ` +
        "address; let the proxy set the header, in nginx with `proxy_set_header X-Forwarded-For $remote_addr`",
    );
  }

  /**
   * Reports that an address was refused because of too many connections or joins, while no other address has
   * connections. A private address is then probably the address of a proxy or of a shared network.
   */
  sharedAddress(address: string, count: number): void {
    if (count < 2 || !this.#addresses.isPrivate(address)) return;
    this.#warn(
      "shared address",
      `all ${count} connections come from the private address ${address}, and the limits refuse more of them; if it ` +
        "is a proxy, name it in TRUST_PROXY and let it set X-Forwarded-For; if all players share a network, raise " +
        "MAX_CONNECTIONS_PER_ADDRESS and MAX_JOINS_PER_MINUTE",
    );
  }

  /** Reports a WebSocket request that lacks the `Upgrade` header. */
  upgradeDropped(request: IncomingMessage): void {
    this.#warn(
      "upgrade dropped",
      `a request for a WebSocket from ${request.socket.remoteAddress} has no header Upgrade: the proxy drops it; let ` +
        "the proxy pass on Upgrade and Connection, in nginx with `proxy_http_version 1.1`, `proxy_set_header Upgrade " +
        '$http_upgrade` and `proxy_set_header Connection "upgrade"`',
    );
  }

  /** Reports a page that was refused because the `Host` header lacks the port. */
  hostWithoutPort({ headers }: IncomingMessage): void {
    this.#warn(
      "host without port",
      `a page of ${headers.origin ?? headers.referer} was refused, because the request's Host header is ` +
        `${headers.host}, without the port; let the proxy pass on the header as it is, in nginx with ` +
        "`proxy_set_header Host $http_host`",
    );
  }

  #warn(kind: string, message: string): void {
    if (this.#logged.has(kind)) return;
    this.#logged.add(kind);
    logger.warn(message);
  }
}
