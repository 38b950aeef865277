// Every setting of the server: its variable, default, accepted values and one sentence. Nothing else reads the
// environment, and a test compares the table in docs/configuration.md with this one.
import { randomBytes } from "node:crypto";
import proxyaddr from "proxy-addr";
import { z } from "zod";

/** One environment variable. `schema` reads its text; undefined stands for unset or empty. */
interface Setting<T> {
  schema: z.ZodType<T, string | undefined>;
  /** The default, in words. */
  fallback: string;
  /** What is accepted, in words: completes "expected …". */
  accepted: string;
  /** What it is for. */
  purpose: string;
  /** Whether its value is for nobody's eyes: it is never shown, not even a bad one. */
  secret?: true;
}

function setting<T>(definition: Setting<T>): Setting<T> {
  return definition;
}

/** Passwords out of manuals and examples, long enough to pass otherwise: whoever keeps one has none. */
const WELL_KNOWN = /^(administrator|(admin|password|changeme|change-me|secret|monitor|sabang|[ \d]+)+)$/i;

/** The same for keys: those of jwt.io, and whatever says of itself that it is to be replaced. */
const WELL_KNOWN_KEY = /a-string-secret|your.*secret|change.?(me|this)|example|password/i;

/** Characters of a key, and how many different ones: HS256 asks for 256 bits, and "aaaa…" has none. */
const KEY_LENGTH = 32;
const KEY_VARIETY = 10;

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

const wholeNumber = (fallback: number, least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .refine((value) => value >= least && value <= most)
    .or(z.undefined().transform(() => fallback));

/** A limit: a whole number, of which 0 means that there is none. */
const limit = (fallback: number, most: number) => wholeNumber(fallback, 0, most);

/** The same, where the default depends on other settings. */
const optionalLimit = (most: number) =>
  z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .refine((value) => value <= most)
    .optional();

const text = (fallback: string) => z.string().or(z.undefined().transform(() => fallback));

const list = (value: string) => value.split(",").map((item) => item.trim());

/** Origins as browsers send them: no path, no trailing slash, the default port left out. */
const origins = z
  .string()
  .transform(list)
  .refine((values) =>
    values.every((value) => /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value),
  )
  .or(z.undefined().transform((): string[] => []));

const proxies = z
  .string()
  .transform(list)
  .refine(isProxyList)
  .or(z.undefined().transform((): string[] => []));

const key = z
  .string()
  .min(KEY_LENGTH)
  .refine((value) => new Set(value).size >= KEY_VARIETY && !WELL_KNOWN.test(value) && !WELL_KNOWN_KEY.test(value))
  .optional();

/**
 * Whether the list is one that `proxy-addr` can match addresses against. A bare number would be taken for the address
 * 0.0.0.1, while whoever writes it means a number of proxies.
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

/** The settings, in the order in which people read about them. */
export const SETTINGS = {
  PORT: setting({
    schema: wholeNumber(2567, 0, 65535),
    fallback: "2567",
    accepted: "a whole number from 0 to 65535 (0: any free port)",
    purpose: "The port of everything: page, rooms, plain WebSocket, monitor.",
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
    purpose: "In production there is no playground, and secrets of your own are required.",
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
    fallback: "random, and printed at the start; none in production",
    accepted: "12 or more characters, not a well-known password; required in production",
    purpose: "The password of the monitor panel, which can call any method of a room.",
    secret: true,
  }),
  JWT_SECRET: setting({
    schema: key,
    fallback: "made once and kept in `DATA_DIR`; none in production",
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
  MAPS_DIR: setting({
    schema: text("maps"),
    fallback: "maps",
    accepted: "a folder that holds Tiled maps, `plaza.tmj` among them",
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
    accepted: "origins such as https://play.example.org, separated by commas",
    purpose: "The sites whose pages may join, in addition to the server's own. Without it every page may.",
  }),
  TRUST_PROXY: setting({
    schema: proxies,
    fallback: "none",
    accepted: "addresses or networks, such as 10.0.0.0/8, or loopback, linklocal, uniquelocal, separated by commas",
    purpose: "The proxies in front of the server whose `X-Forwarded-For`, `-Proto` and `-Host` headers it trusts.",
  }),
  MAX_PLAYERS_PER_ROOM: setting({
    schema: limit(2000, 100_000),
    fallback: "2000",
    accepted: "a whole number from 0 to 100000 (0: no limit)",
    purpose: "Players in one room. Further players get another room of the same map.",
  }),
  MAX_MESSAGES_PER_SECOND: setting({
    schema: limit(100, 10_000),
    fallback: "100",
    accepted: "a whole number from 0 to 10000 (0: no limit)",
    purpose: "Frames that a client may send in the long run. A client that keeps sending more is disconnected.",
  }),
  MAX_CONNECTIONS_PER_ADDRESS: setting({
    schema: optionalLimit(100_000),
    fallback: "50 in production, else 0",
    accepted: "a whole number from 0 to 100000 (0: no limit)",
    purpose: "Open WebSockets of one IP address.",
  }),
  MAX_JOINS_PER_MINUTE: setting({
    schema: optionalLimit(100_000),
    fallback: "60 in production, else 0",
    accepted: "a whole number from 0 to 100000 (0: no limit)",
    purpose: "Joins and sign-ins of one IP address in a minute.",
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
    purpose: "Bytes that may wait in the server for a slow client. A client with more is disconnected.",
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
      "Seconds for which the game continues after SIGTERM, without new players, so that balancers can send them elsewhere.",
  }),
  RECORD: setting({
    schema: z
      .enum(["0", "1"])
      .or(z.undefined().transform(() => "0" as const))
      .transform((value) => value === "1"),
    fallback: "0",
    accepted: "0 or 1",
    purpose: "With 1 each room writes its inputs into a file under `DATA_DIR`, which can be replayed.",
  }),
} satisfies Record<string, Setting<unknown>>;

/** Limits that are per address: off where one person starts fifty clients, on where strangers come. */
const PER_ADDRESS_IN_PRODUCTION = { MAX_CONNECTIONS_PER_ADDRESS: 50, MAX_JOINS_PER_MINUTE: 60 };

type Settings = { [Name in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[Name]["schema"]> };

/** The settings as the server uses them. */
export interface Config extends Settings {
  MONITOR_PASSWORD: string;
  MAX_CONNECTIONS_PER_ADDRESS: number;
  MAX_JOINS_PER_MINUTE: number;
  /** Whether the monitor's password was made up at start, so that it has to be told. */
  monitorPasswordIsRandom: boolean;
  production: boolean;
}

/** Settings that cannot be used: one line for each, with the variable, what it holds and what it accepts. */
export class ConfigError extends Error {
  constructor(faults: string[]) {
    super(faults.join("\n"));
    this.name = "ConfigError";
  }
}

/** What a production server has to be given. */
const REQUIRED_IN_PRODUCTION = ["MONITOR_PASSWORD", "JWT_SECRET"] as const;

/**
 * Reads all settings from an environment.
 * @throws {ConfigError} that names every setting at fault, not only the first.
 */
export function readConfig(environment: Environment): Config {
  const { settings, faults } = read(environment, Object.keys(SETTINGS) as (keyof Settings)[]);
  const production = settings.NODE_ENV === "production";
  for (const name of production ? REQUIRED_IN_PRODUCTION : []) {
    if (!environment[name]) faults.push(`${name}: not set; expected ${SETTINGS[name].accepted}`);
  }
  if (faults.length > 0) throw new ConfigError(faults);
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
 * Reads what a command of the store needs: where the places are. It asks for nothing that only a server has.
 * @throws {ConfigError} as `readConfig` does.
 */
export function readStoreConfig(environment: Environment): Pick<Config, "DATA_DIR" | "DATABASE_URL"> {
  const { settings, faults } = read(environment, ["DATA_DIR", "DATABASE_URL"]);
  if (faults.length > 0) throw new ConfigError(faults);
  return settings;
}

type Environment = Record<string, string | undefined>;

function read<Name extends keyof Settings>(environment: Environment, names: readonly Name[]) {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const { schema, accepted, secret }: Setting<unknown> = SETTINGS[name];
    const given = environment[name] || undefined;
    const parsed = schema.safeParse(given);
    values[name] = parsed.data;
    const shown = secret ? "a value that is not accepted" : JSON.stringify(given);
    if (!parsed.success) faults.push(`${name}: got ${shown}; expected ${accepted}`);
  }
  return { settings: values as Pick<Settings, Name>, faults };
}
