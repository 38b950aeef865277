// Defines all settings of the server, each with its default, its accepted values and its purpose. No other file defines
// a setting. A test compares the table in docs/configuration.md with these settings.
import { randomBytes } from "node:crypto";
import proxyaddr from "proxy-addr";
import { z } from "zod";

/** One environment variable. `schema` parses its text, which is undefined if the variable is unset or empty. */
interface Setting<T> {
  schema: z.ZodType<T, string | undefined>;
  /** The default, in words. */
  fallback: string;
  /** The accepted values, in words. An error message shows them after "expected". */
  accepted: string;
  /** The purpose of the setting. */
  purpose: string;
  /** Whether the value is secret. A secret value is never shown, even if it is invalid. */
  secret?: true;
}

function setting<T>(definition: Setting<T>): Setting<T> {
  return definition;
}

/** Matches well-known passwords from manuals and examples. They are rejected even if they are long enough. */
const WELL_KNOWN = /^(administrator|(admin|password|changeme|change-me|secret|monitor|sabang|[ \d]+)+)$/i;

/** Matches well-known keys: the examples of jwt.io, and placeholders. */
const WELL_KNOWN_KEY = /a-string-secret|your.*secret|change.?(me|this)|example|password/i;

/**
 * The minimum length of a key, and the minimum number of distinct characters in it. HS256, the algorithm that signs the
 * tokens, requires a key of at least 256 bits, which are 32 characters. A key with few distinct characters is not
 * random.
 */
const MIN_KEY_LENGTH = 32;
const MIN_KEY_CHARACTERS = 10;

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

const wholeNumber = (fallback: number, min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max)
    .or(z.undefined().transform(() => fallback));

/** A limit that is a whole number. 0 means no limit. */
const limit = (fallback: number, max: number) => wholeNumber(fallback, 0, max);

/** A limit whose default depends on NODE_ENV. 0 means no limit. */
const optionalLimit = (max: number) =>
  z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .refine((value) => value <= max)
    .optional();

const text = (fallback: string) => z.string().or(z.undefined().transform(() => fallback));

const list = (value: string) => value.split(",").map((item) => item.trim());

/** Matches the origin of an app that has its own URL scheme, such as capacitor://localhost. */
const APP_ORIGIN = /^(?!(wss?|ftp|file):)[a-z][a-z\d+.-]*:\/\/[a-z\d.-]+(:\d{1,5})?$/;

/** Whether a text is an origin as browsers send it: without a path, a trailing slash or a default port. */
function isOrigin(value: string): boolean {
  if (/^https?:/.test(value)) return URL.parse(value)?.origin === value;
  return value === "null" || APP_ORIGIN.test(value);
}

const origins = z
  .string()
  .transform(list)
  .refine((values) => values.every(isOrigin))
  .or(z.undefined().transform((): string[] => []));

const proxies = z
  .string()
  .transform(list)
  .refine(isProxyList)
  .or(z.undefined().transform((): string[] => []));

/**
 * Whether a text is the URL of a Redis server. Only database 0 is accepted. Another number would not separate two
 * clusters, because all databases of a Redis server share their channels.
 */
function isRedisUrl(value: string): boolean {
  const url = /^rediss?:\/\//.test(value) ? URL.parse(value) : null;
  return url !== null && url.hostname !== "" && /^\/?0?$/.test(url.pathname) && url.search + url.hash === "";
}

const SENTINEL_PORT = 26379;

/** Sentinels as `host:port`. The port may be missing. */
const sentinels = z
  .string()
  .transform(list)
  .refine((values) => values.every((value) => /^[a-z\d.-]+(:\d{1,5})?$/i.test(value)))
  .transform((values) =>
    values.map((value) => {
      const [host, port] = value.split(":");
      return { host: host!, port: port === undefined ? SENTINEL_PORT : Number(port) };
    }),
  )
  .or(z.undefined().transform((): { host: string; port: number }[] => []));

const key = z
  .string()
  .min(MIN_KEY_LENGTH)
  .refine(
    (value) => new Set(value).size >= MIN_KEY_CHARACTERS && !WELL_KNOWN.test(value) && !WELL_KNOWN_KEY.test(value),
  )
  .optional();

/**
 * Whether `proxy-addr` accepts the list. Plain numbers are rejected. An operator who writes 1 means one proxy, but
 * `proxy-addr` would read 1 as the address 0.0.0.1.
 */
function isProxyList(values: string[]): boolean {
  if (values.some((value) => /^\d+$/.test(value))) return false;
  try {
    proxyaddr.compile(values);
    return true;
  } catch {
    return false;
  }
}

/** The settings, in the order of the documentation. */
export const SETTINGS = {
  PORT: setting({
    schema: wholeNumber(2567, 0, 65535),
    fallback: "2567",
    accepted: "a whole number from 0 to 65535 (0: any free port)",
    purpose: "The port of the page, the rooms, the plain WebSocket and the monitor.",
  }),
  HOST: setting({
    schema: text("0.0.0.0"),
    fallback: "0.0.0.0",
    accepted: "an address or host name of this machine",
    purpose: "The address to listen on.",
  }),
  NODE_ENV: setting({
    schema: z.enum(["development", "production", "test"]).or(z.undefined().transform(() => "development" as const)),
    fallback: "development",
    accepted: "development, production or test",
    purpose: "In production there is no playground, and you must set your own secrets.",
  }),
  LOG_LEVEL: setting({
    schema: z.enum(LOG_LEVELS).or(z.undefined().transform(() => "info" as const)),
    fallback: "info",
    accepted: LOG_LEVELS.join(", "),
    purpose: "The lowest level to log. In production each line is a JSON object.",
  }),
  MONITOR_USER: setting({
    schema: z
      .string()
      .regex(/^[^:]+$/)
      .or(z.undefined().transform(() => "admin")),
    fallback: "admin",
    accepted: "a name without a colon",
    purpose: "The user name of the monitor panel.",
  }),
  MONITOR_PASSWORD: setting({
    schema: z
      .string()
      .min(12)
      .refine((password) => !WELL_KNOWN.test(password))
      .optional(),
    fallback: "random and printed at the start; none in production",
    accepted: "12 or more characters, not a well-known password; required in production",
    purpose: "The password of the monitor panel, which can call any method of a room.",
    secret: true,
  }),
  JWT_SECRET: setting({
    schema: key,
    fallback: "generated once and kept in `DATA_DIR`; none in production",
    accepted: "32 or more random characters, such as `openssl rand -base64 36` prints; required in production",
    purpose: "Signs the players' tokens. Anyone who has it can impersonate any player.",
    secret: true,
  }),
  JWT_SECRET_OLD: setting({
    schema: key,
    fallback: "none",
    accepted: "the same as `JWT_SECRET`",
    purpose: "The previous secret. Its tokens stay valid, and the server renews them with the new secret.",
    secret: true,
  }),
  DATA_DIR: setting({
    schema: text("data"),
    fallback: "data",
    accepted: "a folder that the server may write to; a missing one is created",
    purpose: "The folder of the SQLite file with players' positions, of a generated secret, and of recordings.",
  }),
  DATABASE_URL: setting({
    schema: z
      .string()
      .regex(/^postgres(ql)?:\/\/./)
      .optional(),
    fallback: "none",
    accepted: "postgres://user:password@host:port/database",
    purpose: "A PostgreSQL database that keeps players' positions instead of the SQLite file.",
    secret: true,
  }),
  REDIS_URL: setting({
    schema: z.string().refine(isRedisUrl).optional(),
    fallback: "none",
    accepted: "redis://user:password@host:port, or rediss:// for TLS; `DATABASE_URL` is required with it",
    purpose:
      "A Redis that connects the processes of a cluster. All processes with the same `REDIS_URL` and `DATABASE_URL` " +
      "have one world.",
    secret: true,
  }),
  REDIS_PREFIX: setting({
    schema: z
      .string()
      .regex(/^[\w.-]{1,64}$/)
      .or(z.undefined().transform(() => "sabang")),
    fallback: "sabang",
    accepted: "1 to 64 letters, digits, dots, hyphens or underscores",
    purpose: "The beginning of all names in Redis. Clusters that share a Redis need different ones.",
  }),
  REDIS_SENTINELS: setting({
    schema: sentinels,
    fallback: "none",
    accepted: `host:port, separated by commas; the default port is ${SENTINEL_PORT}`,
    purpose:
      "The Sentinels, which know the master of Redis. `REDIS_URL` then gives only the user, the password and TLS.",
  }),
  REDIS_SENTINEL_MASTER: setting({
    schema: text("mymaster"),
    fallback: "mymaster",
    accepted: "a name",
    purpose: "The name that the Sentinels have for the master.",
  }),
  REDIS_SENTINEL_PASSWORD: setting({
    schema: z.string().optional(),
    fallback: "none",
    accepted: "any text",
    purpose: "The password of the Sentinels.",
    secret: true,
  }),
  PUBLIC_ADDRESS: setting({
    schema: z
      .string()
      .regex(/^[a-z\d.-]+(:\d{1,5})?(\/[\w./-]*)?$/i)
      .optional(),
    fallback: "none",
    accepted: "a host with a port or a path if needed, without https://, such as play-1.example.org",
    purpose:
      "The address at which clients reach this process of a cluster. With it, new players join the process with the " +
      "most room.",
  }),
  MAPS_DIR: setting({
    schema: text("maps"),
    fallback: "maps",
    accepted: "a folder that contains Tiled maps, including one named `plaza`",
    purpose: "The folder of the maps.",
  }),
  METRICS_TOKEN: setting({
    schema: z.string().min(16).optional(),
    fallback: "none",
    accepted: "16 or more characters",
    purpose: "The bearer token that `/metrics` requires. Without it anyone can read the metrics.",
    secret: true,
  }),
  ALLOWED_ORIGINS: setting({
    schema: origins,
    fallback: "none",
    accepted: "origins such as https://play.example.org or capacitor://localhost, or null, separated by commas",
    purpose: "The sites and apps whose pages may join, in addition to the server's own. Without it every page may.",
  }),
  TRUST_PROXY: setting({
    schema: proxies,
    fallback: "none",
    accepted: "addresses or networks, such as 10.0.0.0/8, or loopback, linklocal, uniquelocal, separated by commas",
    purpose:
      "The proxies in front of the server whose `X-Forwarded-For`, `-Proto`, `-Host` and `-Port` headers it trusts.",
  }),
  KEEP_ALIVE_SECONDS: setting({
    schema: wholeNumber(75, 1, 3600),
    fallback: "75",
    accepted: "a whole number from 1 to 3600",
    purpose:
      "Seconds for which an idle HTTP connection is kept open. Must be longer than the proxy reuses connections.",
  }),
  MAX_PLAYERS_PER_ROOM: setting({
    schema: limit(2000, 100_000),
    fallback: "2000",
    accepted: "a whole number from 0 to 100000 (0: no limit)",
    purpose: "Players in one room. Further players join another room of the same map.",
  }),
  MAX_PLAYERS_PER_WORLD: setting({
    schema: limit(0, 1_000_000),
    fallback: "0",
    accepted: "a whole number from 0 to 1000000 (0: no limit)",
    purpose: "Players on one map of a cluster, on all its processes. Further players are refused.",
  }),
  MAX_MESSAGES_PER_SECOND: setting({
    schema: limit(300, 10_000),
    fallback: "300",
    accepted: "a whole number from 0 to 10000 (0: no limit)",
    purpose: "Frames per second that a client may send over time. A client that keeps sending more is disconnected.",
  }),
  MAX_BYTES_PER_CLIENT: setting({
    schema: limit(16_384, 100_000_000),
    fallback: "16384",
    accepted: "a whole number from 0 to 100000000 (0: no limit)",
    purpose:
      "Bytes per second that a client is sent of the changes in its sight. In a crowd, distant players are then " +
      "updated less often.",
  }),
  MAX_CONNECTIONS_PER_ADDRESS: setting({
    schema: optionalLimit(100_000),
    fallback: "50 in production, else 0",
    accepted: "a whole number from 0 to 100000 (0: no limit)",
    purpose: "Open WebSockets and unclaimed seats per IP address.",
  }),
  MAX_JOINS_PER_MINUTE: setting({
    schema: optionalLimit(100_000),
    fallback: "60 in production, else 0",
    accepted: "a whole number from 0 to 100000 (0: no limit)",
    purpose: "Joins and sign-ins per IP address and minute.",
  }),
  MAX_IDLE_SECONDS: setting({
    schema: limit(600, 86_400),
    fallback: "600",
    accepted: "a whole number from 0 to 86400 (0: no limit)",
    purpose: "Seconds without a requested step after which a player is removed.",
  }),
  MAX_FRAME_BYTES: setting({
    schema: wholeNumber(4096, 256, 1_048_576),
    fallback: "4096",
    accepted: "a whole number from 256 to 1048576",
    purpose: "The largest frame a client may send.",
  }),
  MAX_SEND_BUFFER_BYTES: setting({
    schema: wholeNumber(1_048_576, 65_536, 67_108_864),
    fallback: "1048576",
    accepted: "a whole number from 65536 to 67108864",
    purpose: "Bytes that the server queues for a slow client. A client with more queued bytes is disconnected.",
  }),
  ADMISSION_MAX_DELAY_MS: setting({
    schema: limit(100, 10_000),
    fallback: "100",
    accepted: "a whole number from 0 to 10000 (0: no limit)",
    purpose: "The p99 tick delay, in milliseconds, above which a busy server refuses new players.",
  }),
  DRAIN_SECONDS: setting({
    schema: wholeNumber(0, 0, 60),
    fallback: "0",
    accepted: "a whole number from 0 to 60",
    purpose:
      "Seconds for which the game continues after SIGTERM without new players, so that balancers send them elsewhere.",
  }),
  RECORD: setting({
    schema: z
      .enum(["0", "1"])
      .or(z.undefined().transform(() => "0" as const))
      .transform((value) => value === "1"),
    fallback: "0",
    accepted: "0 or 1",
    purpose: "With 1, each room records its inputs in a file under `DATA_DIR`, which can be replayed.",
  }),
} satisfies Record<string, Setting<unknown>>;

/**
 * Defaults of the limits per IP address in production. Outside production there is no limit by default, because a
 * developer may start many clients on one machine.
 */
const PER_ADDRESS_IN_PRODUCTION = { MAX_CONNECTIONS_PER_ADDRESS: 50, MAX_JOINS_PER_MINUTE: 60 };

type Settings = { [Name in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[Name]["schema"]> };

/** The settings after parsing, with all defaults. */
export interface Config extends Settings {
  MONITOR_PASSWORD: string;
  MAX_CONNECTIONS_PER_ADDRESS: number;
  MAX_JOINS_PER_MINUTE: number;
  /** Whether the monitor's password was generated at the start and must be printed. */
  monitorPasswordIsRandom: boolean;
  production: boolean;
}

/**
 * Thrown for invalid settings. The message has one line per setting: the variable, its value and the accepted values.
 */
export class ConfigError extends Error {
  constructor(errors: string[]) {
    super(errors.join("\n"));
    this.name = "ConfigError";
  }
}

/** Settings that must be set in production, because they have no default there. */
const REQUIRED_IN_PRODUCTION = ["MONITOR_PASSWORD", "JWT_SECRET"] as const;

/** Pairs of settings. The first setting is required if the second is set. */
const REQUIRED_WITH = [
  ["DATABASE_URL", "REDIS_URL"],
  ["REDIS_URL", "REDIS_SENTINELS"],
] as const;

/**
 * Reads all settings from an environment.
 * @throws {ConfigError} that names all invalid settings, not only the first.
 */
export function readConfig(environment: Environment): Config {
  const { settings, errors } = read(environment, Object.keys(SETTINGS) as (keyof Settings)[]);
  const production = settings.NODE_ENV === "production";
  for (const name of production ? REQUIRED_IN_PRODUCTION : []) {
    if (!environment[name]) errors.push(`${name}: not set; expected ${SETTINGS[name].accepted}`);
  }
  for (const [name, other] of REQUIRED_WITH) {
    if (!environment[name] && environment[other])
      errors.push(`${name}: not set, but ${other} is; expected ${SETTINGS[name].accepted}`);
  }
  if (errors.length > 0) throw new ConfigError(errors);
  const perAddress = production
    ? PER_ADDRESS_IN_PRODUCTION
    : { MAX_CONNECTIONS_PER_ADDRESS: 0, MAX_JOINS_PER_MINUTE: 0 };
  return {
    ...settings,
    MAX_CONNECTIONS_PER_ADDRESS: settings.MAX_CONNECTIONS_PER_ADDRESS ?? perAddress.MAX_CONNECTIONS_PER_ADDRESS,
    MAX_JOINS_PER_MINUTE: settings.MAX_JOINS_PER_MINUTE ?? perAddress.MAX_JOINS_PER_MINUTE,
    MONITOR_PASSWORD: settings.MONITOR_PASSWORD ?? randomBytes(12).toString("base64url"),
    monitorPasswordIsRandom: settings.MONITOR_PASSWORD === undefined,
    production,
  };
}

/**
 * Reads only the settings that say where player records are stored, for a command that works on the store.
 * @throws {ConfigError} like `readConfig`.
 */
export function readStoreConfig(environment: Environment): Pick<Config, "DATA_DIR" | "DATABASE_URL"> {
  const { settings, errors } = read(environment, ["DATA_DIR", "DATABASE_URL"]);
  if (errors.length > 0) throw new ConfigError(errors);
  return settings;
}

type Environment = Record<string, string | undefined>;

function read<Name extends keyof Settings>(environment: Environment, names: readonly Name[]) {
  const errors: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const { schema, accepted, secret }: Setting<unknown> = SETTINGS[name];
    const given = environment[name] || undefined;
    const parsed = schema.safeParse(given);
    values[name] = parsed.data;
    const shown = secret ? "a value that is not accepted" : JSON.stringify(given);
    if (!parsed.success) errors.push(`${name}: got ${shown}; expected ${accepted}`);
  }
  return { settings: values as Pick<Settings, Name>, errors };
}
