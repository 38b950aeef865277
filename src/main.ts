// Starts the server with the built page.
import { keepCompiledCode } from "./compile-cache.ts";

keepCompiledCode();
const [{ builtPage }, { run }] = await Promise.all([import("./http/page.ts"), import("./run.ts")]);
await run(builtPage);
