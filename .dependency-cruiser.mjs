// Which folder may import which. docs/architecture.md draws it and explains it; test/architecture.test.ts holds the two
// together. Run by `npm run check:imports`.

/** The folders, and the other folders that each may import. `src` is the files that lie in it directly. */
export const ALLOWED = {
  cli: [],
  sim: [],
  schema: ["sim"],
  replay: ["sim"],
  rooms: ["schema", "sim"],
  "src/telemetry": ["rooms", "schema", "sim"],
  "src/auth": ["rooms"],
  "src/store": ["rooms", "replay"],
  "src/edge": ["src/telemetry", "rooms", "schema", "sim"],
  "src/sockets": ["src/edge", "src/telemetry", "rooms", "schema", "sim"],
  "src/http": ["src/edge", "src/auth", "src/telemetry", "schema"],
  src: [
    ...["src/http", "src/sockets", "src/edge", "src/auth", "src/store", "src/telemetry"],
    ...["rooms", "replay", "schema", "sim"],
  ],
  "src/commands": ["src", "src/store", "replay", "sim", "cli"],
  web: ["replay", "schema", "sim"],
  bots: ["schema", "sim", "cli"],
  bench: ["replay", "schema", "sim", "cli"],
  mapmaker: ["sim"],
  examples: ["schema", "sim"],
};

const FOLDERS = [...Object.keys(ALLOWED), "test"];

/** A pattern of the files of a folder: those of `src` are its own only. */
const filesOf = (folder) => (folder === "src" ? "^src/[^/]+$" : `^${folder}/`);

/** Programs that need more than their folder: the page's build runs in Node, and the store is measured from within. */
const EXCEPTIONS = { web: "^web/build-if-stale[.]ts$", bench: "^bench/(store|contenders/.+)[.]ts$" };

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
      from: { path: "^(web|bots|bench|examples|schema)/", pathNot: Object.values(EXCEPTIONS) },
      to: { path: "node_modules/(colyseus|@colyseus/core)/" },
    },
    {
      name: "a page has no Node",
      severity: "error",
      from: { path: "^web/", pathNot: EXCEPTIONS.web },
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
