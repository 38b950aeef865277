// Decodes the tiles of a layer or a chunk.
import type { Values } from "./fields.ts";
import { MAX_GID } from "./gid.ts";
import { quote } from "./report.ts";

/** The compression formats of tile data. */
type Compression = "zlib" | "gzip" | "zstd";

/**
 * Decompresses bytes. Throws if the bytes are damaged. Throws if the result has more than `maxLength` bytes, and never
 * allocates more bytes than that.
 */
export type Decompress = (bytes: Uint8Array, compression: Compression, maxLength: number) => Uint8Array;

const COMPRESSIONS: readonly unknown[] = ["zlib", "gzip", "zstd"] satisfies Compression[];

/** Returns the global tile ids of `cells` cells, or a sentence that says what is wrong with the data. */
export function decodeTiles(
  data: unknown,
  { encoding, compression }: Values,
  cells: number,
  decompress: Decompress,
): Uint32Array | string {
  if (Array.isArray(data)) return fromNumbers(data, cells);
  if (typeof data !== "string") return `has the tile data ${quote(data)}; expected a list or a string`;
  if (encoding === "csv") return fromCsv(data, cells);
  if (encoding !== "base64") return `has the encoding ${quote(encoding)}; expected "csv" or "base64"`;
  const bytes = bytesOf(data);
  if (typeof bytes === "string") return bytes;
  if (compression == null || compression === "") return fromBytes(bytes, cells);
  if (!isCompression(compression))
    return `has the compression ${quote(compression)}; expected "zlib", "gzip" or "zstd"`;
  try {
    return fromBytes(decompress(bytes, compression, cells * 4), cells);
  } catch (error) {
    return `has ${compression} data that cannot be decompressed to ${cells} tiles (${(error as Error).message})`;
  }
}

function isCompression(value: unknown): value is Compression {
  return COMPRESSIONS.includes(value);
}

function wrongCount(count: number, cells: number): string {
  return `has ${count} tiles; expected ${cells}`;
}

function fromNumbers(numbers: readonly unknown[], cells: number): Uint32Array | string {
  if (numbers.length !== cells) return wrongCount(numbers.length, cells);
  const gids = new Uint32Array(cells);
  for (let i = 0; i < cells; i++) {
    const number = numbers[i] as number;
    gids[i] = number;
    // The array converts a value that is not an unsigned 32-bit integer, so the stored value differs.
    if (gids[i] !== number) return `has the tile ${quote(number)}; expected whole numbers from 0 to ${MAX_GID}`;
  }
  return gids;
}

const COMMA = 44;
const ZERO = 48;

function fromCsv(text: string, cells: number): Uint32Array | string {
  const gids = new Uint32Array(cells);
  let count = 0;
  let number = -1;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : COMMA;
    const digit = code - ZERO;
    if (digit >= 0 && digit <= 9) number = (number < 0 ? 0 : number * 10) + digit;
    else if (code === COMMA) {
      if (number < 0 && i === text.length) break;
      if (number < 0 || number > MAX_GID) {
        return `has ${number < 0 ? "no number" : number} as tile ${count + 1}; expected whole numbers from 0 to ${MAX_GID}`;
      }
      gids[count++] = number;
      number = -1;
    } else if (code > 32) return `has ${quote(text[i])} in its tile data; expected numbers and commas`;
  }
  return count === cells ? gids : wrongCount(count, cells);
}

function bytesOf(base64: string): Uint8Array | string {
  let text: string;
  try {
    text = atob(base64);
  } catch {
    return "has tile data that is not base64";
  }
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function fromBytes(bytes: Uint8Array, cells: number): Uint32Array | string {
  if (bytes.length !== cells * 4) return wrongCount(bytes.length / 4, cells);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const gids = new Uint32Array(cells);
  for (let i = 0; i < cells; i++) gids[i] = view.getUint32(i * 4, true);
  return gids;
}
