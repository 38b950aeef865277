// Writes recordings asynchronously to files in a folder. A failed write is logged once and ends the recording. The game
// goes on.
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { type FileHandle, mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Incident } from "../../replay/format.ts";
import type { RecordingSink, Recordings } from "../../replay/recorded-world.ts";

/** The extension of a recording's file. */
export const EXTENSION = ".replay";

/** The prefix of the file name if a recording shows an incident, which is an error in the game. */
const INCIDENT = "incident-";

/** Limits of the disk space and memory that recordings use. */
export interface Limits {
  /** Maximum bytes of one recording. */
  fileBytes: number;
  /** No new recording starts if all recordings together have this many bytes or more. */
  folderBytes: number;
  /** Maximum bytes that are queued for a slow disk. */
  queuedBytes: number;
  /** Maximum number of incident files in the folder. */
  incidents: number;
}

const MB = 1024 * 1024;
const LIMITS: Limits = { fileBytes: 256 * MB, folderBytes: 2048 * MB, queuedBytes: 8 * MB, incidents: 20 };

interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** The recordings of a server. */
export class RecordingsFolder implements Recordings {
  readonly #folder: string;
  readonly #all: boolean;
  readonly #log: Log;
  readonly #limits: Limits;

  /**
   * @param all whether every world is recorded from start to end. Recordings of incidents, which are errors in the
   * game, are always kept.
   */
  constructor(folder: string, all: boolean, log: Log, limits: Partial<Limits> = {}) {
    this.#folder = folder;
    this.#all = all;
    this.#log = log;
    this.#limits = { ...LIMITS, ...limits };
  }

  begin(map: string, room: string): RecordingSink | undefined {
    if (!this.#all) return undefined;
    try {
      mkdirSync(this.#folder, { recursive: true });
      const size = sizeOf(this.#folder);
      if (size >= this.#limits.folderBytes) {
        const details = { folder: this.#folder, megabytes: Math.round(size / MB) };
        this.#log.warn(details, "room not recorded: the folder is full; move recordings to another folder");
        return undefined;
      }
    } catch (error) {
      this.#log.error({ err: error }, "room not recorded: cannot use the folder");
      return undefined;
    }
    return new FileSink(this.#pathOf(map, room), this.#limits, this.#log);
  }

  keep(map: string, room: string, incident: Incident, file: Uint8Array[]): void {
    const path = this.#pathOf(`${INCIDENT}${map}`, room);
    this.#write(path, file).then(
      (written) => {
        const details = { ...incident, map, room, ...(written && { file: path }) };
        const hint = written ? "replay it with npm run replay" : "no file: the limit of incident files is reached";
        this.#log.error(details, `incident: player ${incident.player} ${incident.fault}; ${hint}`);
      },
      (error) => this.#log.error({ err: error, ...incident }, "writing an incident failed"),
    );
  }

  /** @returns false if the limit on incident files is reached. */
  async #write(path: string, file: Uint8Array[]): Promise<boolean> {
    await mkdir(this.#folder, { recursive: true });
    const incidents = readdirSync(this.#folder).filter((name) => name.startsWith(INCIDENT));
    if (incidents.length >= this.#limits.incidents) return false;
    await writeFile(path, file, { flag: "wx" });
    return true;
  }

  #pathOf(prefix: string, room: string): string {
    const name = [prefix, new Date().toISOString().replace(/[:.]/g, "-"), room].join("-");
    return join(this.#folder, `${name.replace(/[^\w-]/g, "_")}${EXTENSION}`);
  }
}

/** Appends bytes to a file asynchronously. Bytes are queued while the disk is busy. */
class FileSink implements RecordingSink {
  readonly #path: string;
  readonly #limits: Limits;
  readonly #log: Log;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #bytes = 0;
  #isEnded = false;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #file: FileHandle | undefined;

  constructor(path: string, limits: Limits, log: Log) {
    this.#path = path;
    this.#limits = limits;
    this.#log = log;
    log.info({ file: path }, "recording a room");
  }

  write(bytes: Uint8Array): void {
    if (this.#isEnded) return;
    this.#bytes += bytes.length;
    this.#queuedBytes += bytes.length;
    if (this.#bytes > this.#limits.fileBytes) this.#giveUp("the size limit is reached");
    else if (this.#queuedBytes > this.#limits.queuedBytes) this.#giveUp("the disk is too slow");
    else this.#queue.push(bytes);
    if (!this.#isWriting) this.#writing = this.#drain();
  }

  async end(): Promise<void> {
    await this.#writing;
    this.#isEnded = true;
    await this.#file?.close().catch(() => {});
    this.#file = undefined;
  }

  async #drain(): Promise<void> {
    this.#isWriting = true;
    try {
      this.#file ??= await open(this.#path, "wx");
      for (let bytes = this.#take(); bytes.length > 0; bytes = this.#take()) await this.#file.appendFile(bytes);
    } catch (error) {
      this.#giveUp(`writing failed: ${(error as Error).message}`);
    } finally {
      this.#isWriting = false;
    }
  }

  #take(): Buffer {
    const bytes = Buffer.concat(this.#queue);
    this.#queue = [];
    this.#queuedBytes = 0;
    return bytes;
  }

  /** Ends the recording early. The command `replay` plays the incomplete file with `--allow-truncated`. */
  #giveUp(reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#log.warn({ file: this.#path, bytes: this.#bytes }, `recording ended early: ${reason}; the game goes on`);
  }
}

function sizeOf(folder: string): number {
  return readdirSync(folder)
    .filter((name) => name.endsWith(EXTENSION))
    .reduce((size, name) => size + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}
