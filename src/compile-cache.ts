// Keeps the compiled code of all modules in a folder, because compiling them takes a third of the start-up time.
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

/** The folder of the compiled code. `npm ci` deletes it with the packages. */
export const COMPILED_FOLDER = fileURLToPath(new URL("../node_modules/.cache/compiled", import.meta.url));

/**
 * Uses the kept code for all modules that are imported from now on. Node writes their code into the folder when the
 * process exits. If the folder cannot be written, as in a container with a read-only file system, nothing is kept.
 */
export function keepCompiledCode(): void {
  enableCompileCache(COMPILED_FOLDER);
}
