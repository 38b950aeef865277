// Runs a command that works on the store of player records, prints its result, and sets the exit code of the process.
import { type Command, CommanderError } from "commander";
import { commandLine, type Output } from "../../cli/command-line.ts";
import { ConfigError } from "../config.ts";
import { StoreError } from "../store/store.ts";

/** The environment variables of a process. */
type Environment = Record<string, string | undefined>;

/** A command that works on the store of player records. */
export interface StoreCommand {
  /** The npm script of the command. */
  script: string;
  description: string;
  /** Declares the arguments, options and further help. */
  declare(line: Command): void;
  /**
   * Runs the command on the store that the environment names.
   * @returns the line to print at the end.
   * @throws {StoreError | ConfigError} The caller prints its message.
   */
  run(line: Command, environment: Environment): Promise<string>;
}

/**
 * Runs a command if its file was started as a program. Does nothing if another file imports that file.
 * @param file the path of the command's own file.
 */
export async function runIfStarted(file: string, command: StoreCommand): Promise<void> {
  if (process.argv[1] === file) process.exitCode = await runCommand(command, process.argv.slice(2));
}

/**
 * Runs a command.
 * @param environment names the store.
 * @returns the exit code: 0 for success, 1 if the store or a setting is unusable, 2 for wrong usage.
 */
export async function runCommand(
  { script, description, declare, run }: StoreCommand,
  args: string[],
  environment: Environment = process.env,
  output: Output = console,
): Promise<number> {
  const line = commandLine(script, description, output).exitOverride();
  declare(line);
  try {
    line.parse(args, { from: "user" });
    output.log(await run(line, environment));
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof StoreError || error instanceof ConfigError)) throw error;
    output.error(error.message);
    return 1;
  }
}
