// Loads the secret that signs tokens. Used only if JWT_SECRET is not set. The server generates the secret once and
// keeps it in a file, so tokens stay valid after a restart.
import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE = "jwt-secret";
const SECRET_BYTES = 36;

/** Thrown if the secret can be neither read nor created. The message tells the operator what to do. */
export class SecretError extends Error {
  constructor(failure: string, hint: string, cause?: unknown) {
    super(`DATA_DIR: ${failure}; ${hint}`, { cause });
    this.name = "SecretError";
  }
}

/**
 * Returns the secret in a data folder. Creates the secret if there is none.
 * @throws {SecretError} if the secret can be neither read nor created, or its file does not contain a secret.
 */
export function loadOrCreateSecret(dataDir: string): string {
  const file = join(dataDir, FILE);
  try {
    return read(file) ?? create(dataDir, file);
  } catch (error) {
    if (error instanceof SecretError) throw error;
    const isFull = (error as NodeJS.ErrnoException).code === "ENOSPC";
    const hint = isFull
      ? "free some space on its disk"
      : "let the user that runs the server write to the folder, or set JWT_SECRET";
    throw new SecretError(`${file} cannot be used: ${(error as Error).message}`, hint, error);
  }
}

function create(dataDir: string, file: string): string {
  mkdirSync(dataDir, { recursive: true });
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, `${randomBytes(SECRET_BYTES).toString("base64url")}\n`, { mode: 0o600 });
    // `linkSync` is atomic and never replaces an existing file. So two servers that start at the same time use the same
    // secret.
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return read(file)!;
}

function read(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if (/^[\w-]{32,}$/.test(text)) return text;
  throw new SecretError(`${file} does not contain a secret`, "restore it, or remove it, which invalidates all tokens");
}
