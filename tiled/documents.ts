// The parsed files of one map: the map's own file, and the files of the tilesets and templates that it names.
import { DocumentError } from "./document-error.ts";
import { Fields, isValues, type Values } from "./fields.ts";
import { quote, type Report } from "./report.ts";
import { parseXml } from "./xml.ts";

/** The kinds of files. The names are those of the root elements in XML. */
export type Kind = "map" | "tileset" | "template";

/**
 * Returns the text of a file that a map names. Throws if the file is not available.
 * @param path relative to the map's folder; it may lead out of that folder.
 */
export type ReadFile = (path: string) => string;

/** Parses the files of one map, each of them once. */
export class Documents {
  readonly #readFile: ReadFile;
  readonly #report: Report;
  readonly #parsed = new Map<string, Values | undefined>();
  readonly #files = new Set<string>();

  constructor(readFile: ReadFile, report: Report) {
    this.#readFile = readFile;
    this.#report = report;
  }

  /** The paths of the files that were read. */
  get files(): string[] {
    return [...this.#files];
  }

  /**
   * Returns the content of a file that the map names. Returns undefined and adds a warning if the file is not
   * available. Returns undefined and adds a fault if the file cannot be parsed.
   */
  read(path: string, kind: Kind): Fields | undefined {
    const place = `${kind} ${quote(path)}`;
    if (!this.#parsed.has(place)) this.#parsed.set(place, this.#load(path, kind, place));
    const values = this.#parsed.get(place);
    return values && new Fields(values, place, this.#report);
  }

  #load(path: string, kind: Kind, place: string): Values | undefined {
    let text: string;
    try {
      text = this.#readFile(path);
    } catch (error) {
      this.#report.warn(place, `is not available: ${(error as Error).message}`);
      return undefined;
    }
    this.#files.add(path);
    try {
      return parse(text, kind, this.#report);
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      this.#report.fault(place, error.message);
      return undefined;
    }
  }
}

/**
 * Parses a file of either format, XML or JSON.
 * @throws {DocumentError} if the text is not a file of the expected kind.
 */
export function parse(text: string, kind: Kind, report: Report): Values {
  report.count("textLength", text.length);
  const content = text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
  if (content.trim() === "") throw new DocumentError("is missing: the file is empty");
  return /^\s*</.test(content) ? parseXml(content, kind, report) : parseJson(content, kind);
}

const BYTE_ORDER_MARK = 0xfeff;

function parseJson(text: string, kind: Kind): Values {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    const isCut = /^\s*\{/.test(text) && !/\}\s*$/.test(text);
    throw new DocumentError(
      isCut ? `is incomplete: the end of the file is missing (${message})` : `is neither XML nor JSON: ${message}`,
    );
  }
  if (!isValues(values)) throw new DocumentError(`holds ${quote(values)}; expected a JSON object`);
  // Files from before Tiled 1.0 have no type.
  const { type = kind } = values;
  if (type !== kind) throw new DocumentError(`has the type ${quote(type)}; expected "${kind}"`);
  return values;
}
