// The secret of a server that was given none: made once, and kept, so that its players are known after a restart.
import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "../store/store.ts";

const FILE = "jwt-secret";
const SECRET_BYTES = 36;

/**
 * The secret in a data folder, made if there is none.
 * @throws {StoreError} for a folder that cannot be written to, or a file that holds no secret.
 */
export function loadOrCreateSecret(dataDir: string): string {
  const file = join(dataDir, FILE);
  try {
    return read(file) ?? make(dataDir, file);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const isFull = (error as NodeJS.ErrnoException).code === "ENOSPC";
    const mend = isFull
      ? "make room on its disk"
      : "let the user that runs the server write to the folder, or set JWT_SECRET";
    throw new StoreError("DATA_DIR", `${file} cannot be used: ${(error as Error).message}`, mend, error);
  }
}

function make(dataDir: string, file: string): string {
  mkdirSync(dataDir, { recursive: true });
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, `${randomBytes(SECRET_BYTES).toString("base64url")}\n`, { mode: 0o600 });
    // Whole or not at all, and never over another one: of two servers that start at once both take the first one's.
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
  throw new StoreError(
    "DATA_DIR",
    `${file} holds no secret`,
    "remove it, and everybody is a new player, or restore it",
  );
}
