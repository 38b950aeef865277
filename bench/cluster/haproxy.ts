// The configuration of HAProxy in front of a cluster, as docs/operating.md recommends it.

/** A process behind the balancer. */
export interface Backend {
  name: string;
  port: number;
}

/**
 * Returns a configuration for HAProxy that listens on a port of 127.0.0.1. Requests below `/matchmake/` go to processes
 * whose `/readyz` answers with 200. All other requests go to processes whose `/healthz` answers with 200. If no process
 * is ready, requests below `/matchmake/` also go to the processes whose `/healthz` answers with 200. This fallback lets
 * players return to their seats through `/matchmake/` even while every process is full or busy.
 */
export function haproxyConfig(port: number, backends: readonly Backend[]): string {
  const servers = backends.map(({ name, port }) => `  server ${name} 127.0.0.1:${port} check`).join("\n");
  return `defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  timeout http-request 10s
  timeout check 3s # a process that is only busy must not lose its clients
  timeout tunnel 1h # WebSockets
  balance roundrobin
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response # asks another process if one ends
  default-server inter 1s fall 2 rise 1

frontend sabang
  bind 127.0.0.1:${port}
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  http-request set-header X-Forwarded-Port %[dst_port]
  use_backend joins if { path_beg /matchmake/ } { nbsrv(joins) gt 0 }
  default_backend all

backend joins
  option httpchk GET /readyz
${servers}

backend all
  option httpchk GET /healthz
  default-server on-marked-down shutdown-sessions # frees the clients of a process that hangs
${servers}
`;
}
