import { describe, expect, test } from "@jest/globals";
import { CommanderError } from "commander";
import { benchLine, type Options } from "../../bench/cli.ts";
import { CONTENDERS } from "../../bench/contenders/contenders.ts";

/** Parses a command line of the benchmark. Returns the printed text, and the options if there is no error. */
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

describe("the command line of npm run bench", () => {
  test("selects all servers, and the numbers of players 400, 800 and 1500, by default", () => {
    expect(parse().options).toEqual({
      clients: [400, 800, 1500],
      only: CONTENDERS.map(({ name }) => name),
      crowd: ["even"],
      seconds: 10,
      warmup: 6,
      rounds: 1,
      say: 0,
      cluster: false,
      bodies: 0,
      out: "data/bench",
    });
  });

  test("parses the values of every option", () => {
    const args =
      "--clients 20,50 --only sabang,ws-binary --crowd screen,mixed --seconds 1.5 --warmup 0 --rounds 3 --say 20 --cluster --bodies 100 --out x".split(
        " ",
      );
    expect(parse(...args).options).toEqual({
      clients: [20, 50],
      only: ["sabang", "ws-binary"],
      crowd: ["screen", "mixed"],
      seconds: 1.5,
      warmup: 0,
      rounds: 3,
      say: 20,
      cluster: true,
      bodies: 100,
      out: "x",
    });
    expect(parse("--clients=8, 9").options?.clients).toEqual([8, 9]);
  });

  test("refuses an invalid argument with an error that says which values are expected", () => {
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
    expect(parse("--crowd", "circle").err).toContain('Got "circle"; expected one of even, screen, cell, mixed.');
    expect(parse("--clients", "400,400").err).toContain('"400" is in the list twice.');
    expect(parse("--players", "400").err).toContain("unknown option '--players'");
    expect(parse("400").err).toContain("too many arguments");
  });

  test("prints every server and every option if --help is given", () => {
    const { out } = parse("--help");
    for (const { name, what } of CONTENDERS) expect(out).toMatch(new RegExp(`${name} +${what}`));
    for (const option of Object.keys(parse().options!)) expect(out).toContain(`--${option} `);
  });
});
