// Finds a free port for programs that cannot choose one themselves.
export { freePort } from "../../bench/harness/free-port.ts";
