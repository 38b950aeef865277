// Compares the deployment files with the server's settings, ports and limits. Docker and Kubernetes are not run.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { parseAllDocuments, parse as parseYaml } from "yaml";
import { readConfig, SETTINGS } from "../../src/config.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const yaml = (path: string) => parseYaml(read(path), { merge: true });

interface Service {
  image?: string;
  build?: string;
  environment?: Record<string, string>;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  ports?: string[];
  volumes?: string[];
  healthcheck?: object;
  stop_grace_period?: string;
  mem_limit?: string;
  profiles?: string[];
  privileged?: boolean;
  networks: string[];
}
const compose = yaml("deploy/compose.yaml") as {
  services: Record<string, Service>;
  volumes: object;
  networks: Record<string, { internal?: boolean }>;
};
const services = Object.entries(compose.services);

/** The variables of the compose file: `:?` marks required ones, `:-` those with a default. */
const variables = new Map<string, string>();
for (const [, name, sign] of read("deploy/compose.yaml").matchAll(/\$\{(\w+)(:[?-])?/g))
  variables.set(name!, sign ?? "");

/** The variables of .env.example. */
const example = new Map(
  read("deploy/.env.example")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("=", 2) as [string, string]),
);

/** Returns a value of the compose file with its variables replaced. */
const filled = (text: string, values: Record<string, string>) =>
  text.replace(/\$\{(\w+)(?::\?[^}]*|:-([^}]*))?\}/g, (_all, name, fallback) => values[name] || (fallback ?? ""));

test(".dockerignore allows exactly the paths that the Dockerfile copies", () => {
  const [all, ...allowed] = read(".dockerignore")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  expect(all).toBe("*");
  const copied = [...read("Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) =>
    paths!.split(" "),
  );
  expect(copied).toEqual(expect.arrayContaining(["package.json", "sim", "replay", "maps/*.tmj"]));
  const ignored = copied.filter((path) => !allowed.includes(`!${path.split("/")[0]}`));
  expect(ignored).toEqual([]);
  // Paths that are not copied stay ignored.
  const used = new Set(copied.map((path) => `!${path.split("/")[0]}`));
  expect(allowed.filter((line) => !used.has(line))).toEqual([]);
});

test("compose requires every secret and the host, and has no defaults for them", () => {
  const required = [...variables].filter(([, sign]) => sign === ":?").map(([name]) => name);
  expect(required.sort()).toEqual(
    ["GRAFANA_PASSWORD", "JWT_SECRET", "METRICS_TOKEN", "MONITOR_PASSWORD", "POSTGRES_PASSWORD", "SABANG_HOST"].sort(),
  );
  for (const [name, sign] of variables) expect([name, sign]).not.toEqual([name, ""]);
  for (const [, { environment = {} }] of services) {
    for (const [name, value] of Object.entries(environment)) {
      if (/PASSWORD|SECRET|TOKEN|DATABASE_URL/.test(name))
        expect([name, value]).toEqual([name, expect.stringMatching(/\$\{/)]);
    }
  }
});

test(".env.example lists each variable of compose, without values", () => {
  expect([...example.keys()].sort()).toEqual([...variables.keys()].sort());
  expect([...example.values()].filter((value) => value !== "")).toEqual([]);
});

test("compose gives the server a valid production configuration", () => {
  const values = {
    ...Object.fromEntries(example),
    SABANG_HOST: "play.example.org",
    JWT_SECRET: randomBytes(36).toString("base64"),
    MONITOR_PASSWORD: randomBytes(18).toString("base64"),
    METRICS_TOKEN: randomBytes(24).toString("hex"),
    POSTGRES_PASSWORD: randomBytes(24).toString("hex"),
  };
  const given = Object.fromEntries(
    Object.entries(compose.services.server!.environment!).map(([name, value]) => [name, filled(value, values)]),
  );
  for (const name of Object.keys(given)) expect(Object.keys(SETTINGS)).toContain(name);
  const limits = Object.keys(SETTINGS).filter((name) => /^(MAX|ADMISSION)_|^(DRAIN_SECONDS|RECORD)$/.test(name));
  expect(Object.keys(given)).toEqual(expect.arrayContaining(limits));
  const config = readConfig({ NODE_ENV: "production", ...given });
  expect(config).toMatchObject({
    METRICS_TOKEN: values.METRICS_TOKEN,
    TRUST_PROXY: ["uniquelocal"],
    LOG_LEVEL: "info",
    // Empty values select the server's defaults.
    MAX_PLAYERS_PER_ROOM: 2000,
    MAX_JOINS_PER_MINUTE: 60,
    DRAIN_SECONDS: 0,
    RECORD: false,
  });
  expect(new URL(config.DATABASE_URL!).password).toBe(values.POSTGRES_PASSWORD);
});

test.each(services)("the service %s has minimal privileges and a health check", (name, service) => {
  expect(service).toMatchObject({ read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] });
  expect(service.privileged).toBeUndefined();
  // The server's health check is in its image.
  if (name === "server") expect(read("Dockerfile")).toMatch(/^HEALTHCHECK /m);
  else expect(service.healthcheck).toBeDefined();
});

test("in compose only the proxy is reachable from other machines, and only the server reaches the database", () => {
  for (const [name, { ports = [] }] of services) {
    const open = ports.filter((port) => !port.startsWith("127.0.0.1:"));
    expect([name, open.length > 0]).toEqual([name, name === "proxy"]);
  }
  expect(compose.networks.back!.internal).toBe(true);
  expect(services.filter(([, { networks }]) => networks.includes("back")).map(([name]) => name)).toEqual([
    "server",
    "database",
  ]);
});

test("compose and Kubernetes wait longer than the longest stop before they kill the server", () => {
  const longest = Number(/A stop takes at most (\d+) seconds/.exec(read("Dockerfile"))![1]);
  const drain = Number(/from 0 to (\d+)/.exec(SETTINGS.DRAIN_SECONDS.accepted)![1]);
  expect(Number.parseInt(compose.services.server!.stop_grace_period!, 10)).toBeGreaterThan(drain + longest);
  const [deployment] = kubernetes();
  const { terminationGracePeriodSeconds, containers } = deployment.spec.template.spec;
  const [, pause] = containers[0].lifecycle.preStop.exec.command;
  expect(terminationGracePeriodSeconds).toBeGreaterThan(longest + Number(pause));
});

test("compose and Kubernetes limit memory to the amount in docs/operating.md", () => {
  const gigabytes = /^\*\*Memory\.\*\* Give it (\d+) GB/m.exec(read("docs/operating.md"))![1];
  expect(compose.services.server!.mem_limit).toBe(`${gigabytes}g`);
  expect(kubernetes()[0].spec.template.spec.containers[0].resources.limits.memory).toBe(`${gigabytes}Gi`);
});

// biome-ignore lint/suspicious/noExplicitAny: Kubernetes defines the shape; tests check the parts that they read.
function kubernetes(): any[] {
  return parseAllDocuments(read("deploy/kubernetes.yaml")).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
}

test("Kubernetes runs one unprivileged server, and stops it before it starts the next one", () => {
  const [deployment, service, ingress] = kubernetes();
  expect([deployment.kind, service.kind, ingress.kind]).toEqual(["Deployment", "Service", "Ingress"]);
  expect(deployment.spec).toMatchObject({ replicas: 1, strategy: { type: "Recreate" } });
  const pod = deployment.spec.template.spec;
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
  expect(pod.containers[0].securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  expect(service.spec.selector).toEqual(deployment.spec.selector.matchLabels);
  expect(deployment.spec.template.metadata.labels).toEqual(deployment.spec.selector.matchLabels);
  expect(ingress.spec.rules[0].http.paths[0].backend.service.name).toBe(service.metadata.name);
});

test("Kubernetes probes /healthz on the image's port, and uses only known settings", () => {
  const [deployment] = kubernetes();
  const [container] = deployment.spec.template.spec.containers;
  expect(container.ports).toEqual([
    { name: "http", containerPort: Number(/^EXPOSE (\d+)$/m.exec(read("Dockerfile"))![1]) },
  ]);
  expect(container.livenessProbe.httpGet.path).toBe("/healthz");
  // With one replica, /readyz would keep players with a lost connection from reconnecting while the server is full.
  expect(container.readinessProbe.httpGet.path).toBe("/healthz");
  const named = [...read("deploy/kubernetes.yaml").matchAll(/--from-literal=(\w+)=/g)].map(([, name]) => name!);
  expect(named).toEqual(expect.arrayContaining(["JWT_SECRET", "MONITOR_PASSWORD", "DATABASE_URL"]));
  for (const name of [...named, ...container.env.map(({ name }: { name: string }) => name)]) {
    expect(Object.keys(SETTINGS)).toContain(name);
  }
  // The server writes only to the image's volume and /tmp.
  expect(container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath)).toEqual(["/data", "/tmp"]);
});

test("the workflow runs .ci/run, with read permissions and without secrets", () => {
  const workflow = yaml(".github/workflows/ci.yml");
  expect(workflow.permissions).toEqual({ contents: "read" });
  const text = read(".github/workflows/ci.yml");
  expect(text).not.toMatch(/secrets\.|pull_request_target/);
  for (const [, action] of text.matchAll(/uses: (\S+)/g))
    expect(action).toMatch(/^[\w-]+\/[\w-]+@(v\d+|[0-9a-f]{40})$/);
  interface Step {
    run?: string;
    uses?: string;
    if?: string;
    with?: object;
  }
  const { steps } = (workflow.jobs as Record<string, { steps: Step[] }>).tests!;
  expect(steps.some(({ run }) => run?.includes(".ci/run"))).toBe(true);
  // The output of the page's tests is kept even if they fail.
  expect(steps.at(-1)).toMatchObject({
    uses: expect.stringContaining("actions/upload-artifact@"),
    if: "always()",
    with: { path: "test-results/" },
  });
});
