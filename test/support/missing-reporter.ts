// The last lines of a run: what was missing on this machine, which tests were skipped for it, and the command that brings it.
import { DEBIAN_PACKAGES, MARK, type Requirement } from "./requirements.ts";

/** As much of jest's results as is read here. */
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
      process.stderr.write(`skipped ${count} tests: ${requirement} is missing; on Debian, ${command} brings it\n`);
    }
  }
}
