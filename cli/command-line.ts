// The command lines of all programs. All programs format help and errors in the same way. Their exit codes are 0 for
// success, 1 for a failure and 2 for wrong usage.
import { Command, InvalidArgumentError } from "commander";

/** The exit code of wrong usage. */
const USAGE_ERROR = 2;

/** The output of a program. */
export type Output = Pick<Console, "log" | "error">;

/**
 * Creates the command line of an npm script. The command line prints the help to `output.log` for `--help`, and an
 * error with a hint to `output.error` for wrong usage. In both cases the command line then ends the process.
 */
export function commandLine(script: string, description: string, output: Output = console): Command {
  return new Command(`npm run ${script} --`)
    .description(description)
    .helpOption("--help", "show this text")
    .showHelpAfterError(`See npm run ${script} -- --help`)
    .configureOutput({
      writeOut: (text) => output.log(text.trimEnd()),
      writeErr: (text) => output.error(text.trimEnd()),
      getOutHelpWidth: () => 120,
      getErrHelpWidth: () => 120,
    })
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_ERROR));
}

/** Returns a parser of numbers from `min` to `max`, for an argument or an option. */
export function number(min: number, max: number): (text: string) => number {
  return (text) => checked(text, min, max, Number.isFinite, "a number");
}

/** Returns a parser of whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => checked(text, min, max, Number.isSafeInteger, "a whole number");
}

/** Returns a parser of a comma-separated list without duplicates. `parse` parses one item. */
export function listOf<Item>(parse: (text: string) => Item): (text: string) => Item[] {
  return (text) => {
    const items = text.split(",").map((item) => item.trim());
    const duplicate = items.find((item, index) => items.indexOf(item) !== index);
    if (duplicate !== undefined) throw new InvalidArgumentError(`"${duplicate}" is in the list twice.`);
    return items.map(parse);
  };
}

/** Returns a parser that accepts only these words. */
export function oneOf(words: readonly string[]): (text: string) => string {
  return (text) => {
    if (words.includes(text)) return text;
    throw new InvalidArgumentError(`Got "${text}"; expected one of ${words.join(", ")}.`);
  };
}

function checked(text: string, min: number, max: number, isValid: (value: number) => boolean, kind: string): number {
  const value = Number(text);
  if (text.trim() !== "" && isValid(value) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`Got "${text}"; expected ${kind} from ${min} to ${max}.`);
}
