// Prints each missing requirement at the end of a run, with the number of skipped tests and the command that installs
// the requirement.
import { DEBIAN_PACKAGES, MARK, type Requirement } from "./requirements.ts";

/** The part of jest's results that is used here. */
interface Results {
  testResults: { testResults: { fullName: string; status: string }[] }[];
}

export default class MissingReporter {
  onRunComplete(_contexts: unknown, { testResults }: Results): void {
    const skipped = new Map<Requirement, number>();
    for (const { fullName, status } of testResults.flatMap(({ testResults }) => testResults)) {
      const requirement = MARK.exec(fullName)?.[1] as Requirement | undefined;
      if (requirement && status === "pending") skipped.set(requirement, (skipped.get(requirement) ?? 0) + 1);
    }
    for (const [requirement, count] of [...skipped].sort()) {
      const command = `apt-get install ${DEBIAN_PACKAGES[requirement]}`;
      process.stderr.write(
        `skipped ${count} tests: ${requirement} is missing; on Debian, install it with ${command}\n`,
      );
    }
  }
}
