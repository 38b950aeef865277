// What the store's commands have in common: flags, the end of the process, and how a fault is told.
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { ConfigError } from "../config.ts";
import { StoreError } from "../store/store.ts";

/** A command line that cannot be understood. Its message says what was given, what is accepted. */
export class UsageError extends Error {}

/** What a command was given. */
interface CommandLine {
  values: Record<string, string | boolean | undefined>;
  positionals: string[];
}

/** The variables of a process. */
type Environment = Record<string, string | undefined>;

/** A command of the store. */
export interface Command {
  /** Its help, which `--help` prints. */
  help: string;
  /** The flags it takes, besides `--help`. */
  flags?: ParseArgsOptionsConfig;
  /** Does it, on the store that the environment names. @returns the sentence to end with. @throws {UsageError | StoreError | ConfigError} which is told in a sentence. */
  run(line: CommandLine, environment: Environment): Promise<string>;
}

/**
 * Runs a command if a file is the program that was started, and not imported.
 * @param file the path of the command's own file.
 */
export async function runIfStarted(file: string, command: Command): Promise<void> {
  if (process.argv[1] === file) process.exitCode = await runCommand(command, process.argv.slice(2));
}

/**
 * Runs a command.
 * @param environment names the store.
 * @param output where its sentences go: what was done to `log`, what was wrong to `error`.
 * @returns the exit code: 0 done, 1 the store or a setting cannot be used, 2 the command line cannot.
 */
export async function runCommand(
  { help, flags, run }: Command,
  words: string[],
  environment: Environment = process.env,
  output: Pick<Console, "log" | "error"> = console,
): Promise<number> {
  try {
    const line = parse(words, { ...flags, help: { type: "boolean" } });
    output.log(line.values.help ? help : await run(line, environment));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      output.error(`${error.message}\n\n${help}`);
      return 2;
    }
    if (!(error instanceof StoreError || error instanceof ConfigError)) throw error;
    output.error(error.message);
    return 1;
  }
}

function parse(args: string[], options: ParseArgsOptionsConfig): CommandLine {
  try {
    return parseArgs({ args, options, allowPositionals: true }) as CommandLine;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
