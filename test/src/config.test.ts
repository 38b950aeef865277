import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { ConfigError, readConfig, readStoreConfig, SETTINGS } from "../../src/config.ts";

type Environment = Record<string, string | undefined>;
type Name = keyof typeof SETTINGS;

const NAMES = Object.keys(SETTINGS) as Name[];
const GOOD_PASSWORD = "correct horse battery";
const GOOD_KEY = "correct horse battery staple, and more";
/** The settings whose values are never shown. */
const SECRETS: Name[] = ["MONITOR_PASSWORD", "JWT_SECRET", "JWT_SECRET_OLD", "DATABASE_URL", "METRICS_TOKEN"];

/** The settings that are numbers, with their bounds. */
const NUMBERS: [name: Name, least: number, most: number][] = [
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

/** The limits that are on in production only, with what they are there. */
const IN_PRODUCTION = { MAX_CONNECTIONS_PER_ADDRESS: 50, MAX_JOINS_PER_MINUTE: 60 };

/** The message with which an environment is refused. */
function refusalOf(environment: Environment): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error(`it was taken: ${JSON.stringify(environment)}`);
}

describe("without any variable", () => {
  test("everything has its default", () => {
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

  test("the default told in words is the one taken", () => {
    const config = readConfig({});
    const inWords = (value: unknown) => (Array.isArray(value) && value.length === 0 ? "none" : String(value));
    const told = NAMES.filter((name) => !SECRETS.includes(name) && name !== "RECORD" && !(name in IN_PRODUCTION));
    expect(told.map((name) => [name, inWords(config[name])])).toEqual(
      told.map((name) => [name, SETTINGS[name].fallback]),
    );
    expect([config.RECORD, SETTINGS.RECORD.fallback]).toEqual([false, "0"]);
  });

  test("the limits per address are on in production only", () => {
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

  test("the monitor's password is made at random, another one each time, and long enough", () => {
    const passwords = Array.from({ length: 20 }, () => readConfig({}).MONITOR_PASSWORD);
    expect(new Set(passwords).size).toBe(20);
    for (const password of passwords) {
      expect(password).toMatch(/^[\w-]{16,}$/);
      // What was made up would be accepted from the environment, too.
      expect(readConfig({ MONITOR_PASSWORD: password }).monitorPasswordIsRandom).toBe(false);
    }
  });

  test("an empty variable is as good as none", () => {
    const empty = Object.fromEntries(NAMES.map((name) => [name, ""]));
    expect({ ...readConfig(empty), MONITOR_PASSWORD: "" }).toEqual({ ...readConfig({}), MONITOR_PASSWORD: "" });
  });

  test("variables of other programs are of no concern", () => {
    expect(readConfig({ PATH: "/bin", port: "abc", constructor: "x" }).PORT).toBe(2567);
  });
});

describe("a variable", () => {
  const good: [name: Name, given: string, taken: unknown][] = [
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
    ...NUMBERS.flatMap(([name, least, most]): [Name, string, number][] => [
      [name, String(least), least],
      [name, String(most), most],
    ]),
  ];

  test.each(good)("%s takes %j", (name, given, taken) => {
    expect(readConfig({ [name]: given })[name]).toEqual(taken);
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
    ...NUMBERS.flatMap(([name, least, most]): [Name, string][] => [
      [name, String(least - 1)],
      [name, String(most + 1)],
      [name, "10k"],
    ]),
  ];

  test.each(bad)("%s refuses %j with the value and what is accepted", (name, given) => {
    expect(refusalOf({ [name]: given })).toBe(
      `${name}: got ${JSON.stringify(given)}; expected ${SETTINGS[name].accepted}`,
    );
  });

  test("every setting with a rule has a value here that breaks it", () => {
    const free: Name[] = ["HOST", "DATA_DIR", "MAPS_DIR"];
    const broken = new Set<Name>([...bad.map(([name]) => name), ...SECRETS]);
    expect(NAMES.filter((name) => !broken.has(name))).toEqual(free);
  });

  test("what is accepted is told in words: numbers with their bounds, choices one by one", () => {
    for (const [name, least, most] of NUMBERS) {
      expect(SETTINGS[name].accepted).toContain(`a whole number from ${least} to ${most}`);
      // A limit says how to be without it; a port of 0 is no limit, nor is a while of 0.
      if (name !== "PORT" && name !== "DRAIN_SECONDS" && least === 0)
        expect(SETTINGS[name].accepted).toContain("0: no limit");
    }
    for (const mode of ["development", "production", "test"]) expect(SETTINGS.NODE_ENV.accepted).toContain(mode);
    for (const level of ["trace", "debug", "info", "warn", "error", "fatal", "silent"]) {
      expect(SETTINGS.LOG_LEVEL.accepted).toContain(level);
    }
    expect(SETTINGS.MONITOR_PASSWORD.accepted).toContain("12 or more");
  });

  test("that is bad does not hide another: all faults are told at once, a line each, in the order of the settings", () => {
    const lines = refusalOf({
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

  test("that holds a line break cannot forge a second line", () => {
    expect(refusalOf({ PORT: "80\nHOST: all is well" }).split("\n")).toHaveLength(1);
  });
});

describe("the monitor's password", () => {
  test("of one's own is taken, and not told again", () => {
    const config = readConfig({ NODE_ENV: "production", MONITOR_PASSWORD: GOOD_PASSWORD, JWT_SECRET: GOOD_KEY });
    expect(config).toMatchObject({
      MONITOR_PASSWORD: GOOD_PASSWORD,
      monitorPasswordIsRandom: false,
      production: true,
      NODE_ENV: "production",
    });
  });

  test.each([undefined, ""])("is missed in production when it is %j", (password) => {
    expect(refusalOf({ NODE_ENV: "production", MONITOR_PASSWORD: password, JWT_SECRET: GOOD_KEY })).toBe(
      `MONITOR_PASSWORD: not set; expected ${SETTINGS.MONITOR_PASSWORD.accepted}`,
    );
  });

  test("that is missing in production is told beside other faults", () => {
    const lines = refusalOf({ NODE_ENV: "production", PORT: "abc" }).split("\n");
    expect(lines.map((line) => line.split(":")[0])).toEqual(["PORT", "MONITOR_PASSWORD", "JWT_SECRET"]);
  });

  const REFUSED = ["short", "eleven char", "admin", "Password", "CHANGEME", "change-me", "secret", "monitor", "sabang"];

  describe.each(["production", "development", "test"])("in %s", (mode) => {
    test.each(REFUSED)("is refused when it is short or well known, in one line, and never shown: %j", (password) => {
      const message = refusalOf({ NODE_ENV: mode, MONITOR_PASSWORD: password, JWT_SECRET: GOOD_KEY });
      expect(message).toBe(
        `MONITOR_PASSWORD: got a value that is not accepted; expected ${SETTINGS.MONITOR_PASSWORD.accepted}`,
      );
    });
  });

  test("is in no message, neither a bad one nor a good one beside another fault", () => {
    expect(refusalOf({ MONITOR_PASSWORD: "hunter2", PORT: "abc" })).not.toContain("hunter2");
    expect(refusalOf({ MONITOR_PASSWORD: GOOD_PASSWORD, PORT: "abc" })).not.toContain(GOOD_PASSWORD);
  });
});

describe("a secret", () => {
  test("is one of the settings that say so", () => {
    expect(NAMES.filter((name) => (SETTINGS[name] as { secret?: true }).secret)).toEqual(SECRETS);
  });

  test.each(SECRETS)("is never shown: %s", (name) => {
    const message = refusalOf({ [name]: "hush-hush" });
    expect(message).toBe(`${name}: got a value that is not accepted; expected ${SETTINGS[name].accepted}`);
  });
});

describe("the tokens' secret", () => {
  test.each([undefined, ""])("is missed in production when it is %j, and only there", (secret) => {
    const rest = { MONITOR_PASSWORD: GOOD_PASSWORD, JWT_SECRET: secret };
    expect(refusalOf({ ...rest, NODE_ENV: "production" })).toBe(
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
  ])("is refused when it is short, dull or well known: %j", (secret) => {
    for (const name of ["JWT_SECRET", "JWT_SECRET_OLD"]) {
      expect(refusalOf({ [name]: secret })).toBe(
        `${name}: got a value that is not accepted; expected ${SETTINGS[name as Name].accepted}`,
      );
    }
  });

  test("may be any at random", () => {
    for (let i = 0; i < 1000; i++) {
      for (const encoding of ["base64", "base64url", "hex"] as const) {
        const secret = randomBytes(32).toString(encoding);
        expect(readConfig({ JWT_SECRET: secret }).JWT_SECRET).toBe(secret);
      }
    }
  });
});

describe("a command of the store", () => {
  test("reads where the places are, and asks for nothing else", () => {
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
  /** Rows that open with the name of a variable in backticks. */
  const rows = lines.filter((line) => /^\| `[A-Z][A-Z0-9_]*` \|/.test(line));
  const rowOf = (name: Name) => {
    const { fallback, accepted, purpose } = SETTINGS[name];
    return `| \`${name}\` | ${fallback} | ${accepted} | ${purpose} |`;
  };

  test.each(NAMES)("has just one row for %s, with its default, what is accepted and what it is for", (name) => {
    expect(rows.filter((row) => row.startsWith(`| \`${name}\` |`))).toEqual([rowOf(name)]);
  });

  test("has no row for a variable that the server does not read", () => {
    expect(rows.map((row) => row.split("`")[1]).filter((name) => !NAMES.includes(name as Name))).toEqual([]);
  });

  test("can hold every setting: no text breaks a row", () => {
    for (const name of NAMES) expect(rowOf(name).match(/[|\n]/g)).toHaveLength(5);
  });
});
