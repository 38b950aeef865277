import { describe, expect, test } from "@jest/globals";
import { CommanderError } from "commander";
import { benchLine, type Options } from "../../bench/cli.ts";
import { CONTENDERS } from "../../bench/contenders/contenders.ts";

/** Parses a command line. Returns the options and the printed text. An error does not end the process. */
function parse(...args: string[]): { options?: Options; out: string; err: string } {
  const printed = { out: "", err: "" };
  const line = benchLine({
    log: (text: string) => {
      printed.out += text;
    },
    error: (text: string) => {
      printed.err += text;
    },
  }).exitOverride();
  try {
    return { options: line.parse(args, { from: "user" }).opts<Options>(), ...printed };
  } catch (error) {
    expect(error).toBeInstanceOf(CommanderError);
    return printed;
  }
}

describe("the command line of the bench", () => {
  test("measures every server with 400, 800 and 1500 players by default", () => {
    expect(parse().options).toEqual({
      clients: [400, 800, 1500],
      only: CONTENDERS.map(({ name }) => name),
      seconds: 10,
      warmup: 6,
      rounds: 1,
      out: "data/bench",
    });
  });

  test("accepts every option", () => {
    const args = "--clients 20,50 --only sabang,ws-binary --seconds 1.5 --warmup 0 --rounds 3 --out x".split(" ");
    expect(parse(...args).options).toEqual({
      clients: [20, 50],
      only: ["sabang", "ws-binary"],
      seconds: 1.5,
      warmup: 0,
      rounds: 3,
      out: "x",
    });
    expect(parse("--clients=8, 9").options?.clients).toEqual([8, 9]);
  });

  test("refuses an invalid argument with an error that says what is expected", () => {
    expect(parse("--clients", "400,many").err).toContain('Got "many"; expected a whole number from 8 to 20000.');
    for (const bad of ["7", "20001", "8.5", "", "-8", "1e9", "400,"]) {
      expect(parse(`--clients=${bad}`).err).toContain("expected a whole number from 8 to 20000.");
    }
    expect(parse("--seconds", "0").err).toContain('Got "0"; expected a number from 1 to 3600.');
    expect(parse("--warmup=-1").err).toContain('Got "-1"; expected a number from 0 to 3600.');
    expect(parse("--rounds", "1.5").err).toContain('Got "1.5"; expected a whole number from 1 to 99.');
    expect(parse("--only", "sabang,express").err).toContain(
      'Got "express"; expected one of sabang, tutorial, state-view, ws-binary, ws-json, socket-io, tornado, bare.',
    );
    expect(parse("--clients", "400,400").err).toContain('"400" is in the list twice.');
    expect(parse("--players", "400").err).toContain("unknown option '--players'");
    expect(parse("400").err).toContain("too many arguments");
  });

  test("names every server and every option in its help", () => {
    const { out } = parse("--help");
    for (const { name, what } of CONTENDERS) expect(out).toMatch(new RegExp(`${name} +${what}`));
    for (const option of Object.keys(parse().options!)) expect(out).toContain(`--${option} `);
  });
});
