// Starts the server with the built page.
import { builtPage } from "./http/page.ts";
import { run } from "./run.ts";

await run(builtPage);
