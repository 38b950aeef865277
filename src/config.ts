// Every setting of the server: its variable, default, accepted values and one sentence. Nothing else reads the
// environment, and the table in README.md is held to this one by a test.
import { randomBytes } from "node:crypto";
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

const text = (fallback: string) => z.string().or(z.undefined().transform(() => fallback));

const key = z
  .string()
  .min(KEY_LENGTH)
  .refine((value) => new Set(value).size >= KEY_VARIETY && !WELL_KNOWN.test(value) && !WELL_KNOWN_KEY.test(value))
  .optional();

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
    purpose: "The least level that is logged. In production a line is a JSON object.",
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
    fallback: "made at random and printed; in production none",
    accepted: "12 or more characters, no password out of a manual; required in production",
    purpose: "The password of the monitor panel, which can do anything to a room.",
    secret: true,
  }),
  JWT_SECRET: setting({
    schema: key,
    fallback: "made once and kept in `DATA_DIR`; in production none",
    accepted: "32 or more characters at random, such as `openssl rand -base64 36` prints; required in production",
    purpose: "Signs the tokens by which players are known again. Whoever has it can be anybody.",
    secret: true,
  }),
  JWT_SECRET_OLD: setting({
    schema: key,
    fallback: "none",
    accepted: "the same as `JWT_SECRET`",
    purpose: "The secret before this one: tokens that it signed are still taken, and renewed with the new one.",
    secret: true,
  }),
  DATA_DIR: setting({
    schema: text("data"),
    fallback: "data",
    accepted: "a folder that the server may write to; it is made when it is missing",
    purpose: "Where players' places are kept, in a SQLite file.",
  }),
  DATABASE_URL: setting({
    schema: z
      .string()
      .regex(/^postgres(ql)?:\/\/./)
      .optional(),
    fallback: "none",
    accepted: "postgres://user:password@host:port/database",
    purpose: "A PostgreSQL database that keeps the places instead of the file.",
    secret: true,
  }),
  MAPS_DIR: setting({
    schema: text("maps"),
    fallback: "maps",
    accepted: "a folder that holds Tiled maps, `plaza.tmj` among them",
    purpose: "Where the worlds are.",
  }),
} satisfies Record<string, Setting<unknown>>;

type Settings = { [Name in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[Name]["schema"]> };

/** The settings as the server uses them. */
export interface Config extends Settings {
  MONITOR_PASSWORD: string;
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
  return {
    ...settings,
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
