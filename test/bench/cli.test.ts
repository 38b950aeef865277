import { describe, expect, test } from "@jest/globals";
import { HELP, readOptions, UsageError } from "../../bench/cli.ts";
import { CONTENDERS } from "../../bench/contenders/contenders.ts";

const fault = (...args: string[]) => {
  try {
    readOptions(args);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error(`${args} was taken`);
};

describe("the command line of the bench", () => {
  test("measures every server with 400, 800 and 1500 players if nothing is asked for", () => {
    expect(readOptions([])).toEqual({
      clients: [400, 800, 1500],
      only: CONTENDERS.map(({ name }) => name),
      seconds: 10,
      warmup: 6,
      rounds: 1,
      out: "data/bench",
      help: false,
    });
  });

  test("takes what is asked for", () => {
    const args = "--clients 20,50 --only sabang,ws-binary --seconds 1.5 --warmup 0 --rounds 3 --out x".split(" ");
    expect(readOptions(args)).toEqual({
      clients: [20, 50],
      only: ["sabang", "ws-binary"],
      seconds: 1.5,
      warmup: 0,
      rounds: 3,
      out: "x",
      help: false,
    });
    expect(readOptions(["--clients=8, 9"]).clients).toEqual([8, 9]);
    expect(readOptions(["--help"]).help).toBe(true);
  });

  test("refuses what cannot be measured, with what can", () => {
    expect(fault("--clients", "400,many")).toBe('--clients: got "many"; expected whole numbers from 8 to 20000');
    for (const bad of ["7", "20001", "8.5", "", "-8", "1e9", "400,"]) {
      expect(fault(`--clients=${bad}`)).toContain("expected whole numbers from 8 to 20000");
    }
    expect(fault("--seconds", "0")).toBe('--seconds: got "0"; expected a number from 1 to 3600');
    expect(fault("--warmup=-1")).toBe('--warmup: got "-1"; expected a number from 0 to 3600');
    expect(fault("--rounds", "1.5")).toBe('--rounds: got "1.5"; expected whole numbers from 1 to 99');
    expect(fault("--only", "sabang,express")).toBe(
      '--only: there is no server "express"; expected some of ' +
        "sabang, tutorial, state-view, ws-binary, ws-json, socket-io, tornado, bare",
    );
    expect(fault("--clients", "400,400")).toBe('--clients: "400" stands in it twice');
    expect(fault("--players", "400")).toContain("--players");
    expect(fault("400")).toContain("400");
  });

  test("tells in its help every server and every flag", () => {
    for (const { name, what } of CONTENDERS) expect(HELP).toMatch(new RegExp(`${name} +${what}`));
    for (const flag of Object.keys(readOptions([]))) expect(HELP).toContain(`--${flag} `);
  });
});
