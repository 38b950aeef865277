// Starts the proxies with the recipes of docs/operating.md. Debian's own configuration surrounds each recipe, except
// for deploy/Caddyfile, which is complete.
// cspell:words fastcgi reqtimeout scgi shmcb socache subj uwsgi DFOREGROUND
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach } from "@jest/globals";
import { createCertificate } from "./certificate.ts";
import { freePort } from "./free-port.ts";
import { until } from "./until.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const CADDYFILE = join(ROOT, "deploy/Caddyfile");

/** The proxies with a recipe: a configuration that operators can copy, in docs/operating.md or deploy/Caddyfile. */
export const PROXIES = ["nginx", "haproxy", "apache2", "caddy"] as const;
export type ProxyName = (typeof PROXIES)[number];

/** A response that came through a proxy. */
interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A running proxy. It ends after the test that started it. */
export interface RunningProxy {
  /** `https://localhost:port` */
  url: string;
  port: number;
  /** The path of the certificate that a client must trust. */
  authority: string;
  /** Sends a request over a connection of its own. */
  ask(path: string, options?: { method?: string; headers?: Record<string, string>; body?: string }): Promise<Answer>;
  /** Loads the configuration again, as Debian's service does. */
  reload(): void;
  /** Returns the lines of the access log, if the recipe has one. */
  accessLog(): string;
}

/** A part of a configuration, and its replacement. */
type Change = [from: string | RegExp, to: string];

/** The values for the start of a proxy: its recipe, folders and ports. */
interface Setup {
  folder: string;
  /** The root of the installed package: `/`, or the folder that it was unpacked to. */
  prefix: string;
  port: number;
  upstream: number;
  recipe: string;
}

/** The arguments and the environment of a proxy's program, and how the proxy loads its configuration again. */
interface Start {
  args: string[];
  environment?: Record<string, string>;
  reload(child: ChildProcess): void;
}

const running: { child: ChildProcess; folder: string }[] = [];
afterEach(async () => {
  for (const { child, folder } of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      // SIGTERM also ends the proxy's workers. Other signals would leave them running.
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  }
});

/**
 * Returns the recipe of a proxy from docs/operating.md, with the changes. Throws if a change finds nothing to replace.
 */
function recipeOf(proxy: ProxyName, changes: Change[]): string {
  const language = { nginx: "nginx", haproxy: "haproxy", apache2: "apache", caddy: "" }[proxy];
  const page = readFileSync(join(ROOT, "docs/operating.md"), "utf8");
  const recipe = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1];
  if (recipe === undefined) throw new Error(`docs/operating.md has no recipe for ${proxy}`);
  return changed(recipe, changes);
}

/** Replaces parts of a text. */
function changed(text: string, changes: Change[]): string {
  return changes.reduce((text, [from, to]) => {
    const replaced = text.replaceAll(from, to);
    if (replaced === text) throw new Error(`there is no ${from} in the configuration:\n${text}`);
    return replaced;
  }, text);
}

/** Returns the root of the package whose program is on the PATH. */
function prefixOf(program: string): string {
  const folder = process.env.PATH!.split(delimiter).find((folder) => existsSync(join(folder, program)));
  if (folder === undefined) throw new Error(`${program} is not on the PATH`);
  return folder.replace(/\/usr\/s?bin\/?$/, "") || "/";
}

/** How each proxy starts. */
const STARTS: Record<ProxyName, (setup: Setup) => Start> = {
  nginx: ({ folder, prefix, recipe }) => {
    const debian = changed(readFileSync(join(prefix, "etc/nginx/nginx.conf"), "utf8"), [
      [/^(user|pid|error_log) .*$/gm, ""],
      ["/var/log/nginx", folder],
      ["include /etc/nginx/modules-enabled/*.conf;", ""],
      ["include /etc/nginx/sites-enabled/*;", ""],
      ["/etc/nginx/mime.types", join(prefix, "etc/nginx/mime.types")],
      ["/etc/nginx/conf.d/*.conf", join(folder, "recipe.conf")],
    ]);
    const file = join(folder, "nginx.conf");
    // Debian's nginx keeps temporary files in folders of the system. Here nginx keeps them in the test's folder.
    const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${folder}/${name};\n`,
    );
    writeFileSync(file, debian.replace("http {", `http {\n${folders.join("")}`));
    writeFileSync(join(folder, "recipe.conf"), recipe);
    const log = join(folder, "error.log");
    return {
      args: ["-c", file, "-e", log, "-g", `daemon off; pid ${folder}/pid; error_log ${log};`],
      reload: (child) => child.kill("SIGHUP"),
    };
  },
  haproxy: ({ folder, prefix, recipe }) => {
    const debian = changed(readFileSync(join(prefix, "etc/haproxy/haproxy.cfg"), "utf8"), [
      [/^\s*(chroot|stats|user|group|daemon|log)\b.*$/gm, ""],
      ["/etc/haproxy/errors", join(prefix, "etc/haproxy/errors")],
    ]);
    const file = join(folder, "haproxy.cfg");
    writeFileSync(
      file,
      debian
        .replace("global\n", "global\n\tlog stdout format raw local0\n")
        .replace("defaults\n", "defaults\n\tlog global\n") + recipe,
    );
    return { args: ["-W", "-f", file, "-p", join(folder, "pid")], reload: (child) => child.kill("SIGUSR2") };
  },
  apache2: ({ folder, prefix, port, recipe }) => {
    const debian = readFileSync(join(prefix, "etc/apache2/apache2.conf"), "utf8");
    writeFileSync(join(folder, "apache2.conf"), changed(debian, [["Include ports.conf", `Listen ${port}`]]));
    for (const name of ["mods-enabled", "sites-enabled"]) mkdirSync(join(folder, name));
    // The modules that the recipe needs: those that Debian enables by default, and those that the recipe enables.
    for (const name of [
      "mpm_event",
      "mime",
      "alias",
      "authz_core",
      "reqtimeout",
      "socache_shmcb",
      "headers",
      "proxy",
      "proxy_http",
      "ssl",
    ]) {
      for (const file of [`${name}.load`, `${name}.conf`]) {
        const from = join(prefix, "etc/apache2/mods-available", file);
        if (!existsSync(from)) continue;
        const text = readFileSync(from, "utf8").replaceAll(/\/usr\/(lib|share)\//g, join(prefix, "usr/$1/"));
        writeFileSync(join(folder, "mods-enabled", file), text);
      }
    }
    writeFileSync(join(folder, "sites-enabled/sabang.conf"), recipe);
    return {
      args: ["-DFOREGROUND", "-d", folder, "-f", join(folder, "apache2.conf")],
      environment: {
        APACHE_RUN_DIR: folder,
        APACHE_LOCK_DIR: folder,
        APACHE_LOG_DIR: folder,
        APACHE_PID_FILE: join(folder, "pid"),
        APACHE_RUN_USER: "www-data",
        APACHE_RUN_GROUP: "www-data",
      },
      reload: (child) => child.kill("SIGUSR1"),
    };
  },
  caddy: () => {
    throw new Error("not reached");
  },
};

/**
 * Starts a proxy with its recipe in front of a local port.
 * @param changes the changes that are made to the recipe before the start.
 */
export async function startProxy(name: ProxyName, upstream: number, changes: Change[] = []): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), `sabang-${name}-`));
  const port = await freePort();
  const prefix = prefixOf(name);
  const start =
    name === "caddy"
      ? await caddy(folder, port, upstream)
      : STARTS[name]({
          folder,
          prefix,
          port,
          upstream,
          recipe: recipeOf(name, [...changes, ...changesOf(name, folder, port, upstream)]),
        });
  const environment = { PATH: process.env.PATH, LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH, ...start.environment };
  const child = spawn(name, start.args, { env: environment as NodeJS.ProcessEnv, stdio: ["ignore", "pipe", "pipe"] });
  running.push({ child, folder });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const authority = name === "caddy" ? join(folder, "caddy/pki/authorities/local/root.crt") : join(folder, "site.crt");
  const ask: RunningProxy["ask"] = (path, { method = "GET", headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const ca = readFileSync(authority);
      const sent = request({ host: "localhost", port, path, method, headers, ca, agent: false });
      sent.on("response", (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        answer.on("end", () => resolve({ status: answer.statusCode!, headers: answer.headers, body: text }));
      });
      sent.on("error", reject);
      sent.end(body);
    });
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${name} exited with ${child.exitCode}:\n${output}`);
    return (
      existsSync(authority) &&
      ask("/healthz").then(
        ({ status }) => status === 200,
        () => false,
      )
    );
  }, 30_000).catch((error) => {
    throw new Error(`${error.message}\n${output}${read(join(folder, "error.log"))}`);
  });
  return {
    url: `https://localhost:${port}`,
    port,
    authority,
    ask,
    reload: () => start.reload(child),
    accessLog: () => (name === "haproxy" ? output : read(join(folder, "access.log"))),
  };
}

/** Returns the text of a file, or an empty string if the file does not exist. */
function read(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/**
 * Returns the changes that adapt a proxy's documented configuration to this test: its site name, its ports, and its file
 * paths.
 */
function changesOf(name: Exclude<ProxyName, "caddy">, folder: string, port: number, upstream: number): Change[] {
  const { certificate, key } = createCertificate(folder);
  writeFileSync(join(folder, "site.pem"), readFileSync(certificate, "utf8") + readFileSync(key, "utf8"));
  // The upstream port is inserted last. Otherwise another change could match its digits.
  const toUpstream: Change = ["127.0.0.1:2567", `127.0.0.1:${upstream}`];
  if (name === "haproxy")
    return [
      ["bind :443", `bind 127.0.0.1:${port}`],
      ["/etc/haproxy/play.example.org.pem", join(folder, "site.pem")],
      toUpstream,
    ];
  const [listens, listensHere] = name === "nginx" ? ["443", `127.0.0.1:${port}`] : [":443", `:${port}`];
  return [
    [listens, listensHere],
    ["/etc/ssl/play.example.org.crt", certificate],
    ["/etc/ssl/play.example.org.key", key],
    ["play.example.org", "localhost"],
    ...(name === "nginx" ? [["/var/log/nginx", folder] as Change] : []),
    toUpstream,
  ];
}

/** Returns how Caddy starts with the unchanged deploy/Caddyfile, which reads its values from the environment. */
async function caddy(folder: string, port: number, upstream: number): Promise<Start> {
  const admin = `localhost:${await freePort()}`;
  const environment = {
    HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
    CADDY_ADMIN: admin,
    CADDY_HTTP_PORT: String(await freePort()),
    CADDY_HTTPS_PORT: String(port),
    SABANG_HOST: "localhost",
    SABANG_UPSTREAM: `127.0.0.1:${upstream}`,
  };
  const file = ["--adapter", "caddyfile", "--config", CADDYFILE];
  return {
    args: ["run", ...file],
    environment,
    reload: () => {
      const { status, stderr } = spawnSync("caddy", ["reload", "--force", "--address", admin, ...file], {
        env: { PATH: process.env.PATH, ...environment } as unknown as NodeJS.ProcessEnv,
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(`caddy reload failed:\n${stderr}`);
    },
  };
}
