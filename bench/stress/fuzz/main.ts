// `npm run fuzz`: the attack at any length, with a table at its end. The exit code is 1 if anything was wrong.
import { parseArgs } from "node:util";
import { OPEN_DOOR, report, trial } from "./trial.ts";

const HELP = `Attacks a server of its own with hostile frames and requests, while honest players walk about.

  npm run fuzz -- [--frames 200000] [--seed N] [--from SESSION] [--limits] [--busy]

  --frames  hostile frames and requests; default 200000
  --seed    start of the chance; by default another one each time, which is printed
  --from    number of the first session: to repeat what a fault names, with its seed and few frames
  --limits  with the limits per address on, as in production; default off, so that the attack is not refused at the door
  --busy    the machine does other things too: delays up to 2 s are borne instead of 0.2, and resident memory may grow
`;

const whole = (name: string, text: string): number => {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name}: got "${text}"; expected a whole number\nSee npm run fuzz -- --help`);
  process.exit(2);
};

const options = {
  frames: { type: "string", default: "200000" },
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
  from: { type: "string" },
  limits: { type: "boolean", default: false },
  busy: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;
const { values } = (() => {
  try {
    return parseArgs({ options });
  } catch (error) {
    console.error(`${(error as Error).message}\nSee npm run fuzz -- --help`);
    process.exit(2);
  }
})();
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

const seed = whole("seed", values.seed);
const outcome = await trial({
  seed,
  frames: whole("frames", values.frames),
  ...(values.from !== undefined && { from: whole("from", values.from) }),
  environment: values.limits ? {} : OPEN_DOOR,
  atRest: !values.busy,
  tell: (what) => console.error(`${new Date().toTimeString().slice(0, 8)} ${what}`),
});
process.stdout.write(report(outcome));
for (const fault of outcome.faults) console.log(`- ${fault}`);
console.log(`\nseed ${seed}`);
process.exit(outcome.faults.length > 0 ? 1 : 0);
