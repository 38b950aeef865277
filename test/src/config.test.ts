import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { ConfigError, readConfig, readStoreConfig, SETTINGS } from "../../src/config.ts";

type Environment = Record<string, string | undefined>;
type Name = keyof typeof SETTINGS;

const NAMES = Object.keys(SETTINGS) as Name[];
const GOOD_PASSWORD = "correct horse battery";
const GOOD_KEY = "correct horse battery staple, and more";
/** The secret settings. Their values are never shown. */
const SECRETS: Name[] = ["MONITOR_PASSWORD", "JWT_SECRET", "JWT_SECRET_OLD", "DATABASE_URL", "METRICS_TOKEN"];

/** The numeric settings, with their bounds. */
const NUMBERS: [name: Name, min: number, max: number][] = [
  ["PORT", 0, 65_535],
  ["MAX_PLAYERS_PER_ROOM", 0, 100_000],
  ["MAX_MESSAGES_PER_SECOND", 0, 10_000],
  ["MAX_CONNECTIONS_PER_ADDRESS", 0, 100_000],
  ["MAX_JOINS_PER_MINUTE", 0, 100_000],
  ["MAX_IDLE_SECONDS", 0, 86_400],
  ["MAX_FRAME_BYTES", 256, 1_048_576],
  ["MAX_SEND_BUFFER_BYTES", 65_536, 67_108_864],
  ["ADMISSION_MAX_DELAY_MS", 0, 10_000],
  ["DRAIN_SECONDS", 0, 60],
];

/** The limits that are on only in production, with their values. */
const IN_PRODUCTION = { MAX_CONNECTIONS_PER_ADDRESS: 50, MAX_JOINS_PER_MINUTE: 60 };

/** Returns the error message for an invalid environment. */
function errorOf(environment: Environment): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error(`the environment was accepted: ${JSON.stringify(environment)}`);
}

describe("the defaults", () => {
  test("apply without any variable", () => {
    expect(readConfig({})).toEqual({
      PORT: 2567,
      HOST: "0.0.0.0",
      NODE_ENV: "development",
      LOG_LEVEL: "info",
      MONITOR_USER: "admin",
      MONITOR_PASSWORD: expect.any(String),
      JWT_SECRET: undefined,
      JWT_SECRET_OLD: undefined,
      DATA_DIR: "data",
      DATABASE_URL: undefined,
      MAPS_DIR: "maps",
      METRICS_TOKEN: undefined,
      ALLOWED_ORIGINS: [],
      TRUST_PROXY: [],
      MAX_PLAYERS_PER_ROOM: 2000,
      MAX_MESSAGES_PER_SECOND: 100,
      MAX_CONNECTIONS_PER_ADDRESS: 0,
      MAX_JOINS_PER_MINUTE: 0,
      MAX_IDLE_SECONDS: 600,
      MAX_FRAME_BYTES: 4096,
      MAX_SEND_BUFFER_BYTES: 1_048_576,
      ADMISSION_MAX_DELAY_MS: 100,
      DRAIN_SECONDS: 0,
      RECORD: false,
      monitorPasswordIsRandom: true,
      production: false,
    });
  });

  test("are the ones that the documentation states", () => {
    const config = readConfig({});
    const inWords = (value: unknown) => (Array.isArray(value) && value.length === 0 ? "none" : String(value));
    const names = NAMES.filter((name) => !SECRETS.includes(name) && name !== "RECORD" && !(name in IN_PRODUCTION));
    expect(names.map((name) => [name, inWords(config[name])])).toEqual(
      names.map((name) => [name, SETTINGS[name].fallback]),
    );
    expect([config.RECORD, SETTINGS.RECORD.fallback]).toEqual([false, "0"]);
  });

  test("turn the limits per address on only in production", () => {
    const production = readConfig({
      NODE_ENV: "production",
      MONITOR_PASSWORD: GOOD_PASSWORD,
      JWT_SECRET: GOOD_KEY,
    });
    for (const [name, value] of Object.entries(IN_PRODUCTION) as [keyof typeof IN_PRODUCTION, number][]) {
      expect([name, production[name], readConfig({})[name]]).toEqual([name, value, 0]);
      expect(SETTINGS[name].fallback).toBe(`${value} in production, else 0`);
      expect(readConfig({ [name]: "7" })[name]).toBe(7);
    }
  });

  test("include a new random password for the monitor at each start", () => {
    const passwords = Array.from({ length: 20 }, () => readConfig({}).MONITOR_PASSWORD);
    expect(new Set(passwords).size).toBe(20);
    for (const password of passwords) {
      expect(password).toMatch(/^[\w-]{16,}$/);
      // The environment would accept the generated password too.
      expect(readConfig({ MONITOR_PASSWORD: password }).monitorPasswordIsRandom).toBe(false);
    }
  });

  test("apply to empty variables", () => {
    const empty = Object.fromEntries(NAMES.map((name) => [name, ""]));
    expect({ ...readConfig(empty), MONITOR_PASSWORD: "" }).toEqual({ ...readConfig({}), MONITOR_PASSWORD: "" });
  });

  test("are not changed by the variables of other programs", () => {
    expect(readConfig({ PATH: "/bin", port: "abc", constructor: "x" }).PORT).toBe(2567);
  });
});

describe("a variable", () => {
  const good: [name: Name, given: string, parsed: unknown][] = [
    ["PORT", "0", 0],
    ["PORT", "8080", 8080],
    ["PORT", "65535", 65535],
    ["HOST", "127.0.0.1", "127.0.0.1"],
    ["HOST", "::1", "::1"],
    ["NODE_ENV", "development", "development"],
    ["NODE_ENV", "test", "test"],
    ...["trace", "debug", "info", "warn", "error", "fatal", "silent"].map((level): [Name, string, string] => [
      "LOG_LEVEL",
      level,
      level,
    ]),
    ["MONITOR_USER", "관리자", "관리자"],
    ["MONITOR_PASSWORD", "twelve chars", "twelve chars"],
    ["MAPS_DIR", "/srv/maps of ours", "/srv/maps of ours"],
    ["DATA_DIR", "/srv/data of ours", "/srv/data of ours"],
    ["JWT_SECRET", GOOD_KEY, GOOD_KEY],
    ["JWT_SECRET_OLD", GOOD_KEY, GOOD_KEY],
    ["DATABASE_URL", "postgres://a:b@c:5/d", "postgres://a:b@c:5/d"],
    ["DATABASE_URL", "postgresql://c/d", "postgresql://c/d"],
    ["METRICS_TOKEN", "sixteen letters.", "sixteen letters."],
    ["ALLOWED_ORIGINS", "https://play.example.org", ["https://play.example.org"]],
    ["ALLOWED_ORIGINS", "https://a.example, http://b.example:8080", ["https://a.example", "http://b.example:8080"]],
    ["TRUST_PROXY", "loopback", ["loopback"]],
    ["TRUST_PROXY", "10.0.0.0/8, fd00::/8,192.0.2.7", ["10.0.0.0/8", "fd00::/8", "192.0.2.7"]],
    ["RECORD", "0", false],
    ["RECORD", "1", true],
    ...NUMBERS.flatMap(([name, min, max]): [Name, string, number][] => [
      [name, String(min), min],
      [name, String(max), max],
    ]),
  ];

  test.each(good)("accepts a valid value: %s=%j", (name, given, parsed) => {
    expect(readConfig({ [name]: given })[name]).toEqual(parsed);
  });

  const bad: [name: Name, given: string][] = [
    ...["abc", "-1", "65536", "1.5", "1e3", "0x50", " 80", "80 ", "+80", "９９", "99999999999999999999"].map(
      (port): [Name, string] => ["PORT", port],
    ),
    ...["prod", "Production", "production ", " "].map((mode): [Name, string] => ["NODE_ENV", mode]),
    ...["verbose", "INFO", "0"].map((level): [Name, string] => ["LOG_LEVEL", level]),
    ...["a:b", ":"].map((user): [Name, string] => ["MONITOR_USER", user]),
    ...["*", "play.example.org", "https://a.example/", "https://a.example/x", "https://a.example:443", "null", ","].map(
      (origins): [Name, string] => ["ALLOWED_ORIGINS", origins],
    ),
    ...["1", "true", "10.0.0.0/33", "proxy.example.org", "loopback,"].map((proxies): [Name, string] => [
      "TRUST_PROXY",
      proxies,
    ]),
    ...["2", "true", "yes"].map((choice): [Name, string] => ["RECORD", choice]),
    ...NUMBERS.flatMap(([name, min, max]): [Name, string][] => [
      [name, String(min - 1)],
      [name, String(max + 1)],
      [name, "10k"],
    ]),
  ];

  test.each(bad)("rejects an invalid value, and names it and the accepted values: %s=%j", (name, given) => {
    expect(errorOf({ [name]: given })).toBe(
      `${name}: got ${JSON.stringify(given)}; expected ${SETTINGS[name].accepted}`,
    );
  });

  test("with a rule has a test with an invalid value", () => {
    const unrestricted: Name[] = ["HOST", "DATA_DIR", "MAPS_DIR"];
    const tested = new Set<Name>([...bad.map(([name]) => name), ...SECRETS]);
    expect(NAMES.filter((name) => !tested.has(name))).toEqual(unrestricted);
  });

  test("states its accepted values: the bounds of a number, or all choices of a list", () => {
    for (const [name, min, max] of NUMBERS) {
      expect(SETTINGS[name].accepted).toContain(`a whole number from ${min} to ${max}`);
      // A limit says how to turn it off. PORT and DRAIN_SECONDS are not limits.
      if (name !== "PORT" && name !== "DRAIN_SECONDS" && min === 0)
        expect(SETTINGS[name].accepted).toContain("0: no limit");
    }
    for (const mode of ["development", "production", "test"]) expect(SETTINGS.NODE_ENV.accepted).toContain(mode);
    for (const level of ["trace", "debug", "info", "warn", "error", "fatal", "silent"]) {
      expect(SETTINGS.LOG_LEVEL.accepted).toContain(level);
    }
    expect(SETTINGS.MONITOR_PASSWORD.accepted).toContain("12 or more");
  });

  test("that is invalid has a line of its own in the message; the lines are in the order of the settings", () => {
    const lines = errorOf({
      MONITOR_PASSWORD: "short",
      MONITOR_USER: "a:b",
      LOG_LEVEL: "loud",
      NODE_ENV: "prod",
      PORT: "abc",
    }).split("\n");
    expect(lines.map((line) => line.split(":")[0])).toEqual([
      "PORT",
      "NODE_ENV",
      "LOG_LEVEL",
      "MONITOR_USER",
      "MONITOR_PASSWORD",
    ]);
  });

  test("that contains a line break cannot add a second line to the message", () => {
    expect(errorOf({ PORT: "80\nHOST: all is well" }).split("\n")).toHaveLength(1);
  });
});

describe("the monitor's password", () => {
  test("from the environment is used and not printed", () => {
    const config = readConfig({ NODE_ENV: "production", MONITOR_PASSWORD: GOOD_PASSWORD, JWT_SECRET: GOOD_KEY });
    expect(config).toMatchObject({
      MONITOR_PASSWORD: GOOD_PASSWORD,
      monitorPasswordIsRandom: false,
      production: true,
      NODE_ENV: "production",
    });
  });

  test.each([undefined, ""])("is required in production: %j is rejected", (password) => {
    expect(errorOf({ NODE_ENV: "production", MONITOR_PASSWORD: password, JWT_SECRET: GOOD_KEY })).toBe(
      `MONITOR_PASSWORD: not set; expected ${SETTINGS.MONITOR_PASSWORD.accepted}`,
    );
  });

  test("that is missing in production is reported together with other errors", () => {
    const lines = errorOf({ NODE_ENV: "production", PORT: "abc" }).split("\n");
    expect(lines.map((line) => line.split(":")[0])).toEqual(["PORT", "MONITOR_PASSWORD", "JWT_SECRET"]);
  });

  const REFUSED = ["short", "eleven char", "admin", "Password", "CHANGEME", "change-me", "secret", "monitor", "sabang"];

  describe.each(["production", "development", "test"])("in %s", (mode) => {
    test.each(REFUSED)("is rejected without being shown if it is short or well known: %j", (password) => {
      const message = errorOf({ NODE_ENV: mode, MONITOR_PASSWORD: password, JWT_SECRET: GOOD_KEY });
      expect(message).toBe(
        `MONITOR_PASSWORD: got a value that is not accepted; expected ${SETTINGS.MONITOR_PASSWORD.accepted}`,
      );
    });
  });

  test("is never part of an error message, whether it is valid or not", () => {
    expect(errorOf({ MONITOR_PASSWORD: "hunter2", PORT: "abc" })).not.toContain("hunter2");
    expect(errorOf({ MONITOR_PASSWORD: GOOD_PASSWORD, PORT: "abc" })).not.toContain(GOOD_PASSWORD);
  });
});

describe("a secret", () => {
  test("is marked as secret in its setting", () => {
    expect(NAMES.filter((name) => (SETTINGS[name] as { secret?: true }).secret)).toEqual(SECRETS);
  });

  test.each(SECRETS)("is never part of an error message: %s", (name) => {
    const message = errorOf({ [name]: "hush-hush" });
    expect(message).toBe(`${name}: got a value that is not accepted; expected ${SETTINGS[name].accepted}`);
  });
});

describe("the tokens' secret", () => {
  test.each([undefined, ""])("may be missing (%j), except in production", (secret) => {
    const rest = { MONITOR_PASSWORD: GOOD_PASSWORD, JWT_SECRET: secret };
    expect(errorOf({ ...rest, NODE_ENV: "production" })).toBe(
      `JWT_SECRET: not set; expected ${SETTINGS.JWT_SECRET.accepted}`,
    );
    expect(readConfig({ ...rest, NODE_ENV: "development" }).JWT_SECRET).toBeUndefined();
  });

  test.each([
    "short",
    "31 characters are one too few..",
    "a".repeat(64),
    "1234".repeat(16),
    "secret".repeat(8),
    "changeme-changeme-changeme-changeme",
    "a-string-secret-at-least-256-bits-long",
    "your-256-bit-secret-goes-here-please",
    "please-change-this-before-production",
    "this is the password of everything: 1",
  ])("is rejected if it is short, repetitive or well known: %j", (secret) => {
    for (const name of ["JWT_SECRET", "JWT_SECRET_OLD"]) {
      expect(errorOf({ [name]: secret })).toBe(
        `${name}: got a value that is not accepted; expected ${SETTINGS[name as Name].accepted}`,
      );
    }
  });

  test("can be any 32 random bytes in base64, base64url or hex", () => {
    for (let i = 0; i < 1000; i++) {
      for (const encoding of ["base64", "base64url", "hex"] as const) {
        const secret = randomBytes(32).toString(encoding);
        expect(readConfig({ JWT_SECRET: secret }).JWT_SECRET).toBe(secret);
      }
    }
  });
});

describe("a store command", () => {
  test("reads only the settings of the store", () => {
    expect(readStoreConfig({ NODE_ENV: "production", PORT: "abc" })).toEqual({ DATA_DIR: "data" });
    expect(readStoreConfig({ DATA_DIR: "/a", DATABASE_URL: "postgres://b" })).toEqual({
      DATA_DIR: "/a",
      DATABASE_URL: "postgres://b",
    });
    expect(() => readStoreConfig({ DATABASE_URL: "mysql://b" })).toThrow(
      new ConfigError([`DATABASE_URL: got a value that is not accepted; expected ${SETTINGS.DATABASE_URL.accepted}`]),
    );
  });
});

describe("the table of settings in docs/configuration.md", () => {
  const lines = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8").split("\n");
  /** The rows that begin with the name of a variable in backticks. */
  const rows = lines.filter((line) => /^\| `[A-Z][A-Z0-9_]*` \|/.test(line));
  const rowOf = (name: Name) => {
    const { fallback, accepted, purpose } = SETTINGS[name];
    return `| \`${name}\` | ${fallback} | ${accepted} | ${purpose} |`;
  };

  test.each(NAMES)("has exactly one row for %s, with its default, accepted values and purpose", (name) => {
    expect(rows.filter((row) => row.startsWith(`| \`${name}\` |`))).toEqual([rowOf(name)]);
  });

  test("has no row for a variable that the server does not read", () => {
    expect(rows.map((row) => row.split("`")[1]).filter((name) => !NAMES.includes(name as Name))).toEqual([]);
  });

  test("has no text that breaks a row of the table", () => {
    for (const name of NAMES) expect(rowOf(name).match(/[|\n]/g)).toHaveLength(5);
  });
});
