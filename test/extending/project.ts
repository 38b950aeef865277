// A copy of the project that docs/extending.md is tried out on.
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const ROOT = dirname(dirname(import.meta.dirname));

const run = promisify(execFile);

/** A copy of the project, as it is on the disk, without what git ignores. */
export class Project {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async copy(): Promise<Project> {
    const folder = mkdtempSync(join(tmpdir(), "sabang-extending-"));
    const listed = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
    for (const file of listed.stdout.split("\0")) {
      // A file that is removed and not committed is still listed.
      if (file && existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(folder, file));
    }
    for (const made of ["node_modules", "dist"]) {
      if (existsSync(join(ROOT, made))) symlinkSync(join(ROOT, made), join(folder, made));
    }
    return new Project(folder);
  }

  /** Applies a diff as a reader does. @throws with what git says, if a line is not where the diff has it. */
  async apply(diff: string): Promise<void> {
    const file = `${this.folder}.diff`;
    writeFileSync(file, diff);
    try {
      await run("git", ["apply", file], { cwd: this.folder });
    } finally {
      rmSync(file);
    }
  }

  /** What a tool of the project complains about; an empty text if it does not. */
  async complaints(tool: "tsc" | "biome"): Promise<string> {
    const words = {
      tsc: ["typescript/bin/tsc", "-p", "."],
      biome: ["@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."],
    }[tool];
    const [bin, ...rest] = words as [string, ...string[]];
    return run(process.execPath, [join("node_modules", bin), ...rest], { cwd: this.folder }).then(
      () => "",
      (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
    );
  }

  /** Runs `node` in it. @returns what it printed, as soon as it has ended. @throws if it ended badly. */
  async node(...args: string[]): Promise<string> {
    return (await run(process.execPath, args, { cwd: this.folder })).stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
