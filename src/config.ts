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
}

function setting<T>(definition: Setting<T>): Setting<T> {
  return definition;
}

/** Passwords out of manuals and examples, long enough to pass otherwise: whoever keeps one has none. */
const WELL_KNOWN = /^(administrator|(admin|password|changeme|change-me|secret|monitor|sabang|[ \d]+)+)$/i;

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

const wholeNumber = (fallback: number, least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .refine((value) => value >= least && value <= most)
    .or(z.undefined().transform(() => fallback));

const text = (fallback: string) => z.string().or(z.undefined().transform(() => fallback));

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
    purpose: "In production there is no playground, and a password of your own is required.",
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

/**
 * Reads all settings from an environment.
 * @throws {ConfigError} that names every setting at fault, not only the first.
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { schema, accepted }] of Object.entries(SETTINGS)) {
    const given = environment[name] || undefined;
    const parsed = schema.safeParse(given);
    values[name] = parsed.data;
    // A password is not for the log, not even a bad one.
    const shown = name.endsWith("PASSWORD") ? "a value that is not accepted" : JSON.stringify(given);
    if (!parsed.success) faults.push(`${name}: got ${shown}; expected ${accepted}`);
  }
  const settings = values as unknown as Settings;
  const production = settings.NODE_ENV === "production";
  if (production && !environment.MONITOR_PASSWORD) {
    faults.push(`MONITOR_PASSWORD: not set; expected ${SETTINGS.MONITOR_PASSWORD.accepted}`);
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return {
    ...settings,
    MONITOR_PASSWORD: settings.MONITOR_PASSWORD ?? randomBytes(12).toString("base64url"),
    monitorPasswordIsRandom: settings.MONITOR_PASSWORD === undefined,
    production,
  };
}
