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

/** The variables of compose.yaml, each with its sign: `:?` means required, `:-` means that there is a default. */
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

/** Returns a value of compose.yaml with its variables replaced. */
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
  // .dockerignore must not allow paths that the Dockerfile does not copy.
  const used = new Set(copied.map((path) => `!${path.split("/")[0]}`));
  expect(allowed.filter((line) => !used.has(line))).toEqual([]);
});

test("compose.yaml has no defaults for the host name and the secrets, and requires their values", () => {
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

test(".env.example lists each variable of compose.yaml and compose.cluster.yaml, and leaves all values empty", () => {
  const ofCluster = [...read("deploy/compose.cluster.yaml").matchAll(/\$\{(\w+):[?-]/g)].map(([, name]) => name!);
  expect([...example.keys()].sort()).toEqual([...new Set([...variables.keys(), ...ofCluster])].sort());
  expect([...example.values()].filter((value) => value !== "")).toEqual([]);
});

test("compose.yaml gives the server a valid production configuration, including all limits", () => {
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
    // These variables are empty in .env.example, so the server uses its defaults.
    MAX_PLAYERS_PER_ROOM: 2000,
    MAX_JOINS_PER_MINUTE: 60,
    DRAIN_SECONDS: 0,
    RECORD: false,
  });
  expect(new URL(config.DATABASE_URL!).password).toBe(values.POSTGRES_PASSWORD);
});

test.each(services)("the service %s in compose.yaml has minimal privileges and a health check", (name, service) => {
  expect(service).toMatchObject({ read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] });
  expect(service.privileged).toBeUndefined();
  // The server's health check is in the Dockerfile.
  if (name === "server") expect(read("Dockerfile")).toMatch(/^HEALTHCHECK /m);
  else expect(service.healthcheck).toBeDefined();
});

test("in compose.yaml, only the proxy has public ports, and only the server can reach the database", () => {
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

test("compose.yaml and kubernetes.yaml give the server enough time for the longest possible stop", () => {
  const longest = Number(/A stop takes DRAIN_SECONDS and up to (\d+) seconds/.exec(read("Dockerfile"))![1]);
  const drain = Number(/from 0 to (\d+)/.exec(SETTINGS.DRAIN_SECONDS.accepted)![1]);
  expect(Number.parseInt(compose.services.server!.stop_grace_period!, 10)).toBeGreaterThan(drain + longest);
  const [deployment] = kubernetes();
  const { terminationGracePeriodSeconds, containers } = deployment.spec.template.spec;
  const [, pause] = containers[0].lifecycle.preStop.exec.command;
  expect(terminationGracePeriodSeconds).toBeGreaterThan(longest + Number(pause));
});

test("compose.yaml and kubernetes.yaml limit the server's memory to the amount in docs/operating.md", () => {
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

test("kubernetes.yaml runs one unprivileged server, and stops the old server before the new one starts", () => {
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

test("kubernetes.yaml probes /healthz on the image's port, and uses only settings that the server has", () => {
  const [deployment] = kubernetes();
  const [container] = deployment.spec.template.spec.containers;
  expect(container.ports).toEqual([
    { name: "http", containerPort: Number(/^EXPOSE (\d+)$/m.exec(read("Dockerfile"))![1]) },
  ]);
  expect(container.livenessProbe.httpGet.path).toBe("/healthz");
  // The path is not /readyz, because a busy server answers 503 there. Kubernetes would then stop all traffic, even the
  // traffic of reconnecting players.
  expect(container.readinessProbe.httpGet.path).toBe("/healthz");
  const named = [...read("deploy/kubernetes.yaml").matchAll(/--from-literal=(\w+)=/g)].map(([, name]) => name!);
  expect(named).toEqual(expect.arrayContaining(["JWT_SECRET", "MONITOR_PASSWORD", "DATABASE_URL"]));
  for (const name of [...named, ...container.env.map(({ name }: { name: string }) => name)]) {
    expect(Object.keys(SETTINGS)).toContain(name);
  }
  // The server writes only to the image's volume and /tmp.
  expect(container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath)).toEqual(["/data", "/tmp"]);
});

test("the GitHub workflow runs .ci/run with read permissions only, and uses no secrets", () => {
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
  // The workflow uploads the results of the page's tests even if a test fails.
  expect(steps.at(-1)).toMatchObject({
    uses: expect.stringContaining("actions/upload-artifact@"),
    if: "always()",
    with: { path: "test-results/" },
  });
});
