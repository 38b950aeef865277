// A copy of the project to which the changes of docs/extending.md are applied.
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const ROOT = dirname(dirname(import.meta.dirname));

const run = promisify(execFile);

/** A copy of the project's files on disk, without the files that git ignores. */
export class Project {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async copy(): Promise<Project> {
    const folder = mkdtempSync(join(tmpdir(), "sabang-extending-"));
    const listed = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
    for (const file of listed.stdout.split("\0")) {
      // git still lists a file that was deleted without a commit.
      if (file && existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(folder, file));
    }
    for (const generated of ["node_modules", "dist"]) {
      if (existsSync(join(ROOT, generated))) symlinkSync(join(ROOT, generated), join(folder, generated));
    }
    return new Project(folder);
  }

  /**
   * Applies a diff, as a reader of docs/extending.md would. @throws an error with the output of git if git cannot apply
   * the diff.
   */
  async apply(diff: string): Promise<void> {
    const file = `${this.folder}.diff`;
    writeFileSync(file, diff);
    try {
      await run("git", ["apply", file], { cwd: this.folder });
    } finally {
      rmSync(file);
    }
  }

  /** Runs a tool of the project. @returns its output if it failed; an empty string if it passed. */
  async errorsOf(tool: "tsc" | "biome"): Promise<string> {
    const command = {
      tsc: ["typescript/bin/tsc", "-p", "."],
      biome: ["@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."],
    }[tool];
    const [bin, ...rest] = command as [string, ...string[]];
    return run(process.execPath, [join("node_modules", bin), ...rest], { cwd: this.folder }).then(
      () => "",
      (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
    );
  }

  /** Runs `node` in the copy. @returns its standard output. @throws if it exits with an error. */
  async node(...args: string[]): Promise<string> {
    return (await run(process.execPath, args, { cwd: this.folder })).stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
