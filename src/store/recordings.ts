// Where recordings are kept: files in a folder, written behind the game's back. Whatever goes wrong with them is told
// once and ends the recording, never the game.
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { type FileHandle, mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Incident } from "../../replay/format.ts";
import type { RecordingSink, Recordings } from "../../replay/recorded-world.ts";

/** The ending of a recording's file. */
export const EXTENSION = ".replay";

/** How incidents' files begin, and how many of them are kept in all. */
const INCIDENT = "incident-";

/** What may be kept. */
export interface Bounds {
  /** Bytes of one recording. */
  fileBytes: number;
  /** Bytes of all recordings, above which none is begun. */
  folderBytes: number;
  /** Bytes that wait for a slow disk. */
  waitingBytes: number;
  /** Incidents in the folder. */
  incidents: number;
}

const MB = 1024 * 1024;
const BOUNDS: Bounds = { fileBytes: 256 * MB, folderBytes: 2048 * MB, waitingBytes: 8 * MB, incidents: 20 };

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
  readonly #bounds: Bounds;

  /** @param all whether every world is recorded as a whole; incidents are kept in any case. */
  constructor(folder: string, all: boolean, log: Log, bounds: Partial<Bounds> = {}) {
    this.#folder = folder;
    this.#all = all;
    this.#log = log;
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  begin(map: string, room: string): RecordingSink | undefined {
    if (!this.#all) return undefined;
    try {
      mkdirSync(this.#folder, { recursive: true });
      const size = sizeOf(this.#folder);
      if (size >= this.#bounds.folderBytes) {
        const details = { folder: this.#folder, megabytes: Math.round(size / MB) };
        this.#log.warn(details, "a room is not recorded: its folder is full; move recordings away");
        return undefined;
      }
    } catch (error) {
      this.#log.error({ err: error }, "a room is not recorded: its folder cannot be used");
      return undefined;
    }
    return new FileTape(this.#pathOf(map, room), this.#bounds, this.#log);
  }

  keep(map: string, room: string, incident: Incident, file: Uint8Array[]): void {
    const path = this.#pathOf(`${INCIDENT}${map}`, room);
    this.#write(path, file).then(
      (written) => {
        const details = { ...incident, map, room, ...(written && { file: path }) };
        const end = written ? "replay it with npm run replay" : "there are enough files of others already";
        this.#log.error(details, `an incident: the player ${incident.player} ${incident.fault}; ${end}`);
      },
      (error) => this.#log.error({ err: error, ...incident }, "an incident could not be written down"),
    );
  }

  /** @returns whether there was room for one more incident. */
  async #write(path: string, file: Uint8Array[]): Promise<boolean> {
    await mkdir(this.#folder, { recursive: true });
    const incidents = readdirSync(this.#folder).filter((name) => name.startsWith(INCIDENT));
    if (incidents.length >= this.#bounds.incidents) return false;
    await writeFile(path, file, { flag: "wx" });
    return true;
  }

  #pathOf(what: string, room: string): string {
    const name = [what, new Date().toISOString().replace(/[:.]/g, "-"), room].join("-");
    return join(this.#folder, `${name.replace(/[^\w-]/g, "_")}${EXTENSION}`);
  }
}

/** A file that grows at its end, as fast as the disk takes it. */
class FileTape implements RecordingSink {
  readonly #path: string;
  readonly #bounds: Bounds;
  readonly #log: Log;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #bytes = 0;
  #isOver = false;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #file: FileHandle | undefined;

  constructor(path: string, bounds: Bounds, log: Log) {
    this.#path = path;
    this.#bounds = bounds;
    this.#log = log;
    log.info({ file: path }, "recording a room");
  }

  write(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#bytes += bytes.length;
    this.#waitingBytes += bytes.length;
    if (this.#bytes > this.#bounds.fileBytes) this.#giveUp("it has become as large as a recording may be");
    else if (this.#waitingBytes > this.#bounds.waitingBytes) this.#giveUp("the disk does not take it fast enough");
    else this.#waiting.push(bytes);
    if (!this.#isWriting) this.#writing = this.#drain();
  }

  async end(): Promise<void> {
    await this.#writing;
    this.#isOver = true;
    await this.#file?.close().catch(() => {});
    this.#file = undefined;
  }

  async #drain(): Promise<void> {
    this.#isWriting = true;
    try {
      this.#file ??= await open(this.#path, "wx");
      for (let waiting = this.#take(); waiting.length > 0; waiting = this.#take()) await this.#file.appendFile(waiting);
    } catch (error) {
      this.#giveUp(`it cannot be written to: ${(error as Error).message}`);
    } finally {
      this.#isWriting = false;
    }
  }

  #take(): Buffer {
    const waiting = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return waiting;
  }

  /** Ends the recording where it is; the game goes on. What is there can be played with `--allow-truncated`. */
  #giveUp(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#log.warn({ file: this.#path, bytes: this.#bytes }, `a recording ends here: ${why}; the game goes on`);
  }
}

function sizeOf(folder: string): number {
  return readdirSync(folder)
    .filter((name) => name.endsWith(EXTENSION))
    .reduce((size, name) => size + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}
