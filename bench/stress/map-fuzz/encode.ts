// Encodes the tiles of maps as Tiled does.
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { Json } from "./town.ts";

/** How the tiles of a file are encoded. `list` means a list of numbers in JSON, and a list of elements in XML. */
export type Encoding = "list" | "csv" | "base64" | "base64 zlib" | "base64 gzip" | "base64 zstd";

export const ENCODINGS: readonly Encoding[] = ["list", "csv", "base64", "base64 zlib", "base64 gzip", "base64 zstd"];

const COMPRESS = { zlib: deflateSync, gzip: gzipSync, zstd: zstdCompressSync };

/** Returns a map in which the tiles of all layers are encoded. */
export function encoded(map: Json, encoding: Encoding): Json {
  const [kind, compression] = encoding.split(" ") as [string, keyof typeof COMPRESS | undefined];
  const tiles = (data: unknown): unknown => {
    if (kind !== "base64" || !Array.isArray(data)) return data;
    const bytes = Buffer.from(Uint32Array.from(data).buffer);
    return (compression ? COMPRESS[compression](bytes) : bytes).toString("base64");
  };
  const layer = (fields: Json): Json => ({
    ...fields,
    ...(fields.layers !== undefined && { layers: (fields.layers as Json[]).map(layer) }),
    ...(fields.type === "tilelayer" && kind !== "list" && { encoding: kind }),
    ...(fields.type === "tilelayer" && compression && { compression }),
    ...(fields.data !== undefined && { data: tiles(fields.data) }),
    ...(fields.chunks !== undefined && {
      chunks: (fields.chunks as Json[]).map((chunk) => ({ ...chunk, data: tiles(chunk.data) })),
    }),
  });
  return { ...map, layers: (map.layers as Json[]).map(layer) };
}
