// The rules for imports between folders. `npm run check:imports` checks them, and docs/architecture.md draws and
// explains them. test/architecture.test.ts checks that the page and this file agree.

/** For each folder, the other folders that it may import. `src` stands only for the files directly in that folder. */
export const ALLOWED = {
  cli: [],
  client: [],
  sim: [],
  tiled: [],
  schema: ["sim"],
  replay: ["sim"],
  rooms: ["schema", "sim"],
  "src/telemetry": ["rooms", "schema", "sim"],
  "src/auth": ["rooms"],
  "src/store": ["rooms", "replay"],
  "src/edge": ["src/telemetry", "rooms", "schema", "sim"],
  "src/sockets": ["src/edge", "src/telemetry", "rooms", "schema", "sim"],
  "src/cluster": ["src/sockets", "src/edge", "src/telemetry", "rooms", "schema", "sim"],
  "src/maps": ["rooms", "tiled", "sim"],
  "src/http": ["src/edge", "src/auth", "src/maps", "src/telemetry", "schema"],
  src: [
    ...["src/http", "src/cluster", "src/sockets", "src/edge", "src/auth", "src/maps", "src/store", "src/telemetry"],
    ...["rooms", "replay", "schema", "sim"],
  ],
  "src/commands": ["src", "src/maps", "src/store", "replay", "tiled", "sim", "cli"],
  web: ["client", "replay", "schema", "tiled", "sim"],
  bots: ["client", "schema", "sim", "cli"],
  bench: ["replay", "schema", "tiled", "sim", "cli"],
  mapmaker: ["sim"],
  examples: ["client", "schema", "sim"],
};

const FOLDERS = [...Object.keys(ALLOWED), "test"];

/** Returns a pattern that matches all files below a folder. The pattern for `src` matches only files directly in it. */
const filesOf = (folder) => (folder === "src" ? "^src/[^/]+$" : `^${folder}/`);

/**
 * Patterns of the files that are exempt from the rules of their folder. In web, these files build the page. In tiled,
 * the file reads map files from disk. In bench, these files are two benchmarks, the agent that adds players without
 * connections, and the servers that are compared with sabang.
 */
const EXCEPTIONS = {
  web: "^web/build-(if-stale|plugins)[.]ts$",
  tiled: "^tiled/node[.]ts$",
  bench: "^bench/(replay|store|cluster/bodies-agent|contenders/.+)[.]ts$",
};

const folders = Object.entries(ALLOWED).map(([folder, allowed]) => ({
  name: `${folder} imports ${allowed.join(", ") || "no other folder"}`,
  severity: "error",
  from: { path: filesOf(folder), pathNot: EXCEPTIONS[folder] },
  to: { path: FOLDERS.map(filesOf), pathNot: [folder, ...allowed].map(filesOf) },
}));

export default {
  forbidden: [
    { name: "no circle, types included", severity: "error", from: {}, to: { circular: true } },
    ...folders,
    {
      name: "sim imports nothing: it runs anywhere",
      severity: "error",
      from: { path: "^sim/" },
      to: { pathNot: "^sim/" },
    },
    {
      name: "schema imports no package but @colyseus/schema: it runs in a page",
      severity: "error",
      from: { path: "^schema/" },
      to: { pathNot: "^(schema|sim)/|node_modules/@colyseus/schema/" },
    },
    {
      name: "replay imports no package: it runs in a server, a command and a page",
      severity: "error",
      from: { path: "^replay/" },
      to: { pathNot: "^(replay|sim)/" },
    },
    {
      name: "rooms reads no files",
      severity: "error",
      from: { path: "^rooms/" },
      to: { dependencyTypes: ["core"], path: "^fs" },
    },
    {
      name: "the framework's server reaches neither a page nor a client",
      severity: "error",
      from: { path: "^(client|web|bots|bench|examples|schema)/", pathNot: Object.values(EXCEPTIONS) },
      to: { path: "node_modules/(colyseus|@colyseus/core)/" },
    },
    {
      name: "a page has no Node",
      severity: "error",
      from: { path: "^(client|web|tiled)/", pathNot: [EXCEPTIONS.web, EXCEPTIONS.tiled] },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "a contender shares nothing with sabang",
      severity: "error",
      from: { path: "^bench/contenders/" },
      to: { path: "^(?!bench/)[^/]+/", pathNot: "node_modules|^[^/]+$", dependencyTypes: ["local"] },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|docs/reference)/" },
  },
};
