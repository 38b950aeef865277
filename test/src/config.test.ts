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
const SECRETS: Name[] = [
  "MONITOR_PASSWORD",
  "JWT_SECRET",
  "JWT_SECRET_OLD",
  "DATABASE_URL",
  "REDIS_URL",
  "REDIS_SENTINEL_PASSWORD",
  "METRICS_TOKEN",
];

/** The settings that accept any text. */
const UNRESTRICTED: Name[] = ["HOST", "DATA_DIR", "REDIS_SENTINEL_MASTER", "REDIS_SENTINEL_PASSWORD", "MAPS_DIR"];

const RESTRICTED_SECRETS = SECRETS.filter((name) => !UNRESTRICTED.includes(name));

const REDIS = { DATABASE_URL: "postgres://a", REDIS_URL: "redis://a" };
/** The variables that require other variables, each with an environment that sets the required variables. */
const REQUIRED: Partial<Record<Name, Environment>> = { REDIS_URL: REDIS, REDIS_SENTINELS: REDIS };

/** The numeric settings, with their bounds. */
const NUMBERS: [name: Name, min: number, max: number][] = [
  ["PORT", 0, 65_535],
  ["MAX_PLAYERS_PER_ROOM", 0, 100_000],
  ["MAX_PLAYERS_PER_WORLD", 0, 1_000_000],
  ["MAX_MESSAGES_PER_SECOND", 0, 10_000],
  ["MAX_BYTES_PER_CLIENT", 0, 100_000_000],
  ["MAX_CONNECTIONS_PER_ADDRESS", 0, 100_000],
  ["MAX_JOINS_PER_MINUTE", 0, 100_000],
  ["MAX_IDLE_SECONDS", 0, 86_400],
  ["KEEP_ALIVE_SECONDS", 1, 3600],
  ["MAX_FRAME_BYTES", 256, 1_048_576],
  ["MAX_SEND_BUFFER_BYTES", 65_536, 67_108_864],
  ["ADMISSION_MAX_DELAY_MS", 0, 10_000],
  ["DRAIN_SECONDS", 0, 60],
];

/** The limits that are on by default only in production, with their default values in production. */
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

describe("defaults:", () => {
  test("every setting has its default if no variable is set", () => {
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
      REDIS_URL: undefined,
      REDIS_PREFIX: "sabang",
      REDIS_SENTINELS: [],
      REDIS_SENTINEL_MASTER: "mymaster",
      REDIS_SENTINEL_PASSWORD: undefined,
      PUBLIC_ADDRESS: undefined,
      MAPS_DIR: "maps",
      METRICS_TOKEN: undefined,
      ALLOWED_ORIGINS: [],
      TRUST_PROXY: [],
      KEEP_ALIVE_SECONDS: 75,
      MAX_PLAYERS_PER_ROOM: 2000,
      MAX_PLAYERS_PER_WORLD: 0,
      MAX_MESSAGES_PER_SECOND: 300,
      MAX_BYTES_PER_CLIENT: 16_384,
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

  test("the documented default of each setting is its real default", () => {
    const config = readConfig({});
    const isNone = (value: unknown) => value === undefined || (Array.isArray(value) && value.length === 0);
    const inWords = (value: unknown) => (isNone(value) ? "none" : String(value));
    const names = NAMES.filter((name) => !SECRETS.includes(name) && name !== "RECORD" && !(name in IN_PRODUCTION));
    expect(names.map((name) => [name, inWords(config[name])])).toEqual(
      names.map((name) => [name, SETTINGS[name].fallback]),
    );
    expect([config.RECORD, SETTINGS.RECORD.fallback]).toEqual([false, "0"]);
  });

  test("the limits per address are on by default only in production", () => {
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

  test("the default of the monitor's password is a new random password at each start", () => {
    const passwords = Array.from({ length: 20 }, () => readConfig({}).MONITOR_PASSWORD);
    expect(new Set(passwords).size).toBe(20);
    for (const password of passwords) {
      expect(password).toMatch(/^[\w-]{16,}$/);
      // A generated password must also be valid as the value of the variable.
      expect(readConfig({ MONITOR_PASSWORD: password }).monitorPasswordIsRandom).toBe(false);
    }
  });

  test("an empty variable has the same effect as a missing one", () => {
    const empty = Object.fromEntries(NAMES.map((name) => [name, ""]));
    expect({ ...readConfig(empty), MONITOR_PASSWORD: "" }).toEqual({ ...readConfig({}), MONITOR_PASSWORD: "" });
  });

  test("the variables of other programs do not change the configuration", () => {
    expect(readConfig({ PATH: "/bin", port: "abc", constructor: "x" }).PORT).toBe(2567);
  });
});

describe("values:", () => {
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
    ...["redis://a", "redis://a:1/", "rediss://user:p%40ss@10.0.0.1:6380/0", "redis://:word@[::1]:6379"].map(
      (url): [Name, string, string] => ["REDIS_URL", url, url],
    ),
    ["REDIS_PREFIX", "staging_2.b-c", "staging_2.b-c"],
    ["REDIS_SENTINELS", "a", [{ host: "a", port: 26379 }]],
    [
      "REDIS_SENTINELS",
      "10.0.0.1:1, sentinel-2.local:26380",
      [
        { host: "10.0.0.1", port: 1 },
        { host: "sentinel-2.local", port: 26380 },
      ],
    ],
    ["REDIS_SENTINEL_MASTER", "our master", "our master"],
    ["REDIS_SENTINEL_PASSWORD", "word", "word"],
    ...["play-1.example.org", "10.0.0.1:2567", "example.org/play/1"].map((address): [Name, string, string] => [
      "PUBLIC_ADDRESS",
      address,
      address,
    ]),
    ["METRICS_TOKEN", "sixteen letters.", "sixteen letters."],
    ["ALLOWED_ORIGINS", "https://play.example.org", ["https://play.example.org"]],
    ["ALLOWED_ORIGINS", "capacitor://localhost,tauri://localhost", ["capacitor://localhost", "tauri://localhost"]],
    ["ALLOWED_ORIGINS", "ionic://localhost, app://., null", ["ionic://localhost", "app://.", "null"]],
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

  test.each(good)("the configuration accepts a valid value: %s=%j", (name, given, parsed) => {
    expect(readConfig({ ...REQUIRED[name], [name]: given })[name]).toEqual(parsed);
  });

  const bad: [name: Name, given: string][] = [
    ...["abc", "-1", "65536", "1.5", "1e3", "0x50", " 80", "80 ", "+80", "９９", "99999999999999999999"].map(
      (port): [Name, string] => ["PORT", port],
    ),
    ...["prod", "Production", "production ", " "].map((mode): [Name, string] => ["NODE_ENV", mode]),
    ...["verbose", "INFO", "0"].map((level): [Name, string] => ["LOG_LEVEL", level]),
    ...["a:b", ":"].map((user): [Name, string] => ["MONITOR_USER", user]),
    ...[":", "a b", "ä", "x".repeat(65)].map((prefix): [Name, string] => ["REDIS_PREFIX", prefix]),
    ...["a:b", "a,", "redis://a", "a:1:2"].map((sentinels): [Name, string] => ["REDIS_SENTINELS", sentinels]),
    ...["https://a.example", "a.example:x", "a b"].map((address): [Name, string] => ["PUBLIC_ADDRESS", address]),
    ...["*", "play.example.org", "https://a.example/", "https://a.example/x", "https://a.example:443", ","].map(
      (origins): [Name, string] => ["ALLOWED_ORIGINS", origins],
    ),
    ...[
      "Null",
      "capacitor:",
      "capacitor://",
      "capacitor://localhost/",
      "wss://a.example",
      "file://a",
      "a.example:80",
    ].map((origins): [Name, string] => ["ALLOWED_ORIGINS", origins]),
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

  test.each(bad)("an invalid value is rejected, and the error names the accepted values: %s=%j", (name, given) => {
    expect(errorOf({ ...REQUIRED[name], [name]: given })).toBe(
      `${name}: got ${JSON.stringify(given)}; expected ${SETTINGS[name].accepted}`,
    );
  });

  test("this file tests an invalid value of each variable, except the variables that accept any value", () => {
    const tested = new Set<Name>([...bad.map(([name]) => name), ...RESTRICTED_SECRETS]);
    expect(NAMES.filter((name) => !tested.has(name))).toEqual(UNRESTRICTED);
  });

  test("each setting states its accepted values: the bounds of a number, or all choices of a list", () => {
    for (const [name, min, max] of NUMBERS) {
      expect(SETTINGS[name].accepted).toContain(`a whole number from ${min} to ${max}`);
      // The text of a limit says that 0 turns it off. PORT and DRAIN_SECONDS are not limits.
      if (name !== "PORT" && name !== "DRAIN_SECONDS" && min === 0)
        expect(SETTINGS[name].accepted).toContain("0: no limit");
    }
    for (const mode of ["development", "production", "test"]) expect(SETTINGS.NODE_ENV.accepted).toContain(mode);
    for (const level of ["trace", "debug", "info", "warn", "error", "fatal", "silent"]) {
      expect(SETTINGS.LOG_LEVEL.accepted).toContain(level);
    }
    expect(SETTINGS.MONITOR_PASSWORD.accepted).toContain("12 or more");
  });

  test("the error message has one line for each invalid variable, in the order of the settings", () => {
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

  test("an invalid value that contains a line break does not add a second line to the error message", () => {
    expect(errorOf({ PORT: "80\nHOST: all is well" }).split("\n")).toHaveLength(1);
  });
});

describe("the monitor's password:", () => {
  test("a monitor password from the environment is used, and is not marked as random", () => {
    const config = readConfig({ NODE_ENV: "production", MONITOR_PASSWORD: GOOD_PASSWORD, JWT_SECRET: GOOD_KEY });
    expect(config).toMatchObject({
      MONITOR_PASSWORD: GOOD_PASSWORD,
      monitorPasswordIsRandom: false,
      production: true,
      NODE_ENV: "production",
    });
  });

  test.each([undefined, ""])("a monitor password is required in production: %j is rejected", (password) => {
    expect(errorOf({ NODE_ENV: "production", MONITOR_PASSWORD: password, JWT_SECRET: GOOD_KEY })).toBe(
      `MONITOR_PASSWORD: not set; expected ${SETTINGS.MONITOR_PASSWORD.accepted}`,
    );
  });

  test("a monitor password that is missing in production is reported together with other errors", () => {
    const lines = errorOf({ NODE_ENV: "production", PORT: "abc" }).split("\n");
    expect(lines.map((line) => line.split(":")[0])).toEqual(["PORT", "MONITOR_PASSWORD", "JWT_SECRET"]);
  });

  const REFUSED = ["short", "eleven char", "admin", "Password", "CHANGEME", "change-me", "secret", "monitor", "sabang"];

  describe.each(["production", "development", "test"])("with NODE_ENV=%s:", (mode) => {
    test.each(REFUSED)("a short or well-known monitor password is rejected and not shown: %j", (password) => {
      const message = errorOf({ NODE_ENV: mode, MONITOR_PASSWORD: password, JWT_SECRET: GOOD_KEY });
      expect(message).toBe(
        `MONITOR_PASSWORD: got a value that is not accepted; expected ${SETTINGS.MONITOR_PASSWORD.accepted}`,
      );
    });
  });

  test("a monitor password is never part of an error message, whether it is valid or not", () => {
    expect(errorOf({ MONITOR_PASSWORD: "hunter2", PORT: "abc" })).not.toContain("hunter2");
    expect(errorOf({ MONITOR_PASSWORD: GOOD_PASSWORD, PORT: "abc" })).not.toContain(GOOD_PASSWORD);
  });
});

describe("secrets:", () => {
  test("exactly the secret variables are marked as secret in their settings", () => {
    expect(NAMES.filter((name) => (SETTINGS[name] as { secret?: true }).secret)).toEqual(SECRETS);
  });

  test.each(RESTRICTED_SECRETS)("an invalid value of the secret variable %s is not shown", (name) => {
    const message = errorOf({ ...REQUIRED[name], [name]: "hush-hush" });
    expect(message).toBe(`${name}: got a value that is not accepted; expected ${SETTINGS[name].accepted}`);
  });

  test.each(SECRETS)("the value of the secret variable %s is not shown if another variable is invalid", (name) => {
    expect(errorOf({ [name]: "hush-hush", PORT: "abc" })).not.toContain("hush");
  });
});

describe("the secret of the tokens:", () => {
  test.each([undefined, ""])("an empty or missing JWT_SECRET is rejected only in production: %j", (secret) => {
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
  ])("a JWT_SECRET that is short, repetitive or well known is rejected: %j", (secret) => {
    for (const name of ["JWT_SECRET", "JWT_SECRET_OLD"]) {
      expect(errorOf({ [name]: secret })).toBe(
        `${name}: got a value that is not accepted; expected ${SETTINGS[name as Name].accepted}`,
      );
    }
  });

  test("a JWT_SECRET of 32 random bytes in base64, base64url or hex is accepted", () => {
    for (let i = 0; i < 1000; i++) {
      for (const encoding of ["base64", "base64url", "hex"] as const) {
        const secret = randomBytes(32).toString(encoding);
        expect(readConfig({ JWT_SECRET: secret }).JWT_SECRET).toBe(secret);
      }
    }
  });
});

describe("the settings of a cluster:", () => {
  test("REDIS_URL without DATABASE_URL is refused, because a cluster needs PostgreSQL", () => {
    expect(errorOf({ REDIS_URL: "redis://a" })).toBe(
      `DATABASE_URL: not set, but REDIS_URL is; expected ${SETTINGS.DATABASE_URL.accepted}`,
    );
  });

  test("REDIS_SENTINELS without REDIS_URL is refused", () => {
    expect(errorOf({ REDIS_SENTINELS: "a:1" })).toBe(
      `REDIS_URL: not set, but REDIS_SENTINELS is; expected ${SETTINGS.REDIS_URL.accepted}`,
    );
  });

  test.each(["redis://", "http://a", "redis://a/1", "redis://a:x", "redis://a?db=1", "a:6379"])(
    "the REDIS_URL %s is refused, because it is not the address of a Redis server",
    (url) => {
      expect(errorOf({ ...REDIS, REDIS_URL: url })).toMatch(/^REDIS_URL: got a value that is not accepted/);
    },
  );
});

describe("store commands:", () => {
  test("readStoreConfig reads only the settings of the store, and ignores all other settings", () => {
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

describe("the table of settings in docs/configuration.md:", () => {
  const lines = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8").split("\n");
  /** The rows that begin with the name of a variable in backticks. */
  const rows = lines.filter((line) => /^\| `[A-Z][A-Z0-9_]*` \|/.test(line));
  const rowOf = (name: Name) => {
    const { fallback, accepted, purpose } = SETTINGS[name];
    return `| \`${name}\` | ${fallback} | ${accepted} | ${purpose} |`;
  };

  test.each(NAMES)("docs/configuration.md has one row for %s: its default, accepted values and purpose", (name) => {
    expect(rows.filter((row) => row.startsWith(`| \`${name}\` |`))).toEqual([rowOf(name)]);
  });

  test("docs/configuration.md has rows only for variables that the server reads", () => {
    expect(rows.map((row) => row.split("`")[1]).filter((name) => !NAMES.includes(name as Name))).toEqual([]);
  });

  test("the texts of a setting never break its row in the table of docs/configuration.md", () => {
    for (const name of NAMES) expect(rowOf(name).match(/[|\n]/g)).toHaveLength(5);
  });
});
