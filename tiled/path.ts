// Paths of the files that a map names. They are relative to the map's folder, with `/` as the separator.

/**
 * Makes a path relative to the map's folder, with `/` as the separator. Absolute paths and URLs stay absolute.
 * @param file the path of the file that names `path`. `file` is relative to the map's folder.
 * @param path is relative to the folder of `file`.
 */
export function resolvePath(file: string, path: string): string {
  const named = path.replaceAll("\\", "/");
  if (/^(\/|[a-z][a-z0-9+.-]*:)/i.test(named)) return named;
  const parts: string[] = [];
  for (const part of [...file.split("/").slice(0, -1), ...named.split("/")]) {
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}
