// Compares the deployment files of a cluster with those of one server and with the server's settings. Docker and
// Kubernetes are not run.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { parseAllDocuments, parse as parseYaml } from "yaml";
import { SETTINGS } from "../../src/config.ts";
import { describeWith } from "../support/requiring.ts";

const pathOf = (file: string) => new URL(`../../deploy/${file}`, import.meta.url).pathname;
const read = (file: string) => readFileSync(pathOf(file), "utf8");

interface Service {
  extends?: { file: string; service: string };
  environment?: Record<string, string>;
  command?: string[];
  networks?: string[];
  ports?: string[];
  volumes?: string[];
  read_only?: boolean;
  cap_drop?: string[];
}

/** `!reset` and `!override` are tags of Docker Compose. A value with one of them replaces the value in compose.yaml. */
const compose = parseYaml(read("compose.cluster.yaml"), {
  merge: true,
  customTags: ["!reset", "!override"].map((tag) => ({
    tag,
    collection: "seq",
    resolve: (value: unknown) => value,
  })) as never,
}) as { services: Record<string, Service> };
const { services } = compose;
const members = Object.keys(services).filter((name) => name.startsWith("server"));

test("compose.cluster.yaml runs three identical servers, which share no port and no volume", () => {
  expect(members).toEqual(["server", "server-2", "server-3"]);
  for (const name of members) {
    const { extends: base, ...own } = services[name]!;
    expect(base).toEqual(name === "server" ? undefined : { file: "compose.yaml", service: "server" });
    expect(own).toEqual(services.server);
    for (const setting of Object.keys(own.environment!)) expect(Object.keys(SETTINGS)).toContain(setting);
  }
  expect(read("compose.cluster.yaml")).toMatch(/^ {2}ports: !reset \[\]$/m);
  expect(read("compose.cluster.yaml")).toMatch(/^ {2}volumes: !override \[\/data\]$/m);
});

test("both clusters give a process enough time for the longest stop that docs/operating.md names", () => {
  const longest = Number(
    /All this takes up to (\d+) seconds, plus `DRAIN_SECONDS`/.exec(read("../docs/operating.md"))![1],
  );
  const drain = Number(/from 0 to (\d+)/.exec(SETTINGS.DRAIN_SECONDS.accepted)![1]);
  const { stop_grace_period } = parseYaml(read("compose.yaml")).services.server;
  expect(Number.parseInt(stop_grace_period, 10)).toBeGreaterThan(drain + longest);
  const { terminationGracePeriodSeconds, containers } = documentsOf("kubernetes.cluster.yaml")[0].spec.template.spec;
  const [, pause] = containers[0].lifecycle.preStop.exec.command;
  expect(terminationGracePeriodSeconds).toBeGreaterThan(longest + Number(pause));
});

test("the proxy and Prometheus of compose.cluster.yaml know all three servers", () => {
  const addresses = members.map((name) => `${name}:2567`);
  expect(services.proxy!.environment!.SABANG_UPSTREAM!.split(" ")).toEqual(addresses);
  const targets = parseYaml(read("prometheus.cluster.yml")).scrape_configs[0].static_configs[0].targets;
  expect(targets).toEqual(addresses);
  expect(services.proxy!.volumes).toEqual(["./Caddyfile.cluster:/etc/caddy/Caddyfile:ro"]);
  expect(services.prometheus!.volumes).toEqual(["./prometheus.cluster.yml:/etc/prometheus/prometheus.yml:ro"]);
});

test("prometheus.cluster.yml differs from prometheus.yml only in the targets", () => {
  const [cluster, single] = ["prometheus.cluster.yml", "prometheus.yml"].map((file) => {
    const config = parseYaml(read(file));
    config.scrape_configs[0].static_configs[0].targets = [];
    return config;
  });
  expect(cluster).toEqual(single);
});

test("the Redis of compose.cluster.yaml needs a password, never evicts keys, and is reachable only by servers", () => {
  const { command, networks, ports, read_only, cap_drop } = services.redis!;
  expect({ networks, ports, read_only, cap_drop }).toEqual({
    networks: ["back"],
    ports: undefined,
    read_only: true,
    cap_drop: ["ALL"],
  });
  expect(command!.join(" ")).toMatch(/--requirepass \$\{REDIS_PASSWORD:\?.*\} .*--maxmemory-policy noeviction$/);
  expect(services.server!.environment!.REDIS_URL).toMatch(/^redis:\/\/:\$\{REDIS_PASSWORD:\?[^}]*\}@redis:6379$/);
});

test("only the proxy of compose.cluster.yaml opens a port, and only to the machine itself", () => {
  expect(Object.entries(services).flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]))).toEqual([
    ["proxy", "127.0.0.1:2567:2567"],
  ]);
});

test("Caddyfile.cluster has the same rules for players as Caddyfile, except for the upstreams", () => {
  const rules = (file: string) => {
    const lines = read(file)
      .split("\n")
      .filter((line) => !line.trim().startsWith("#"));
    return lines
      .slice(
        0,
        lines.findIndex((line) => line.includes("reverse_proxy")),
      )
      .join("\n");
  };
  expect(rules("Caddyfile")).toContain("respond @operators 404");
  expect(rules("Caddyfile.cluster")).toBe(rules("Caddyfile"));
});

describeWith("caddy", "caddy", () => {
  test("accepts Caddyfile.cluster with three servers", () => {
    const args = ["adapt", "--adapter", "caddyfile", "--config", pathOf("Caddyfile.cluster")];
    const { SABANG_UPSTREAM } = services.proxy!.environment!;
    const env = { PATH: process.env.PATH, SABANG_HOST: "localhost", SABANG_UPSTREAM } as unknown as NodeJS.ProcessEnv;
    const { status, stdout, stderr } = spawnSync("caddy", args, { env, encoding: "utf8" });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    for (const name of members) expect(stdout).toContain(`"dial":"${name}:2567"`);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: Kubernetes defines the shape; tests check the parts that they read.
const documentsOf = (file: string): any[] =>
  parseAllDocuments(read(file)).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });

test("kubernetes.cluster.yaml runs several pods and replaces one at a time, and is otherwise the same as kubernetes.yaml", () => {
  const [deployment, budget, service, ingress] = documentsOf("kubernetes.cluster.yaml");
  const [single, singleService, singleIngress] = documentsOf("kubernetes.yaml");
  expect([service, ingress]).toEqual([singleService, singleIngress]);
  expect(budget).toMatchObject({ kind: "PodDisruptionBudget", spec: { maxUnavailable: 1 } });
  const { replicas, strategy, minReadySeconds, template, selector } = deployment.spec;
  expect(replicas).toBeGreaterThan(1);
  expect(strategy).toEqual({ type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } });
  expect(minReadySeconds).toBeGreaterThan(0);
  expect(budget.spec.selector).toEqual(selector);
  const [container] = template.spec.containers;
  expect(container.readinessProbe.httpGet.path).toBe("/healthz");
  // The two files differ in these parts on purpose.
  container.readinessProbe = single.spec.template.spec.containers[0].readinessProbe;
  template.spec.terminationGracePeriodSeconds = single.spec.template.spec.terminationGracePeriodSeconds;
  delete template.spec.topologySpreadConstraints;
  expect(template).toEqual(single.spec.template);
  const named = [...read("kubernetes.cluster.yaml").matchAll(/--from-literal=(\w+)=/g)].map(([, name]) => name!);
  expect(named).toEqual(expect.arrayContaining(["JWT_SECRET", "DATABASE_URL", "REDIS_URL"]));
});
