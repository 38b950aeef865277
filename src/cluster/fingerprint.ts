// Hashes of the values that must be the same in all processes of a cluster. Redis gets the hashes, but no secrets.
import { createHash } from "node:crypto";

/** The values that must be the same in all processes. Each further field is named after its environment variable. */
export interface Common {
  /** The random id of the database. Processes with different databases belong to different clusters. */
  database: string;
  /** The version of everything that the processes send to each other. */
  wire: unknown;
  /** The rules of the game. */
  rules: unknown;
  /** The maps, in the form in which the server uses them. */
  maps: unknown;
  [setting: string]: unknown;
}

/** A hash for each field of {@link Common}. */
export type Fingerprint = Readonly<Record<string, string>>;

/** Returns the hashes. The values must be plain data that JSON can express. */
export function fingerprintOf(common: Common): Fingerprint {
  return Object.fromEntries(Object.entries(common).map(([name, value]) => [name, hashOf(value)]));
}

/** Returns one sentence for each field in which two processes differ. */
export function differences(mine: Fingerprint, others: Fingerprint, prefix: string): string[] {
  const names = Object.keys({ ...mine, ...others }).filter((name) => mine[name] !== others[name]);
  // Processes with another database belong to another cluster. Other differences from that cluster are not errors.
  if (names.includes("database")) {
    return [
      `REDIS_PREFIX: a cluster with another database uses the prefix ${prefix} in this Redis; set another ` +
        "REDIS_PREFIX, or the DATABASE_URL of that cluster",
    ];
  }
  return names.map((name) => SENTENCES[name] ?? `${name}: differs from the other processes of the cluster; ${SAME}`);
}

const SAME = "give all of them the same value";

/** The sentences for fields that are not settings. */
const SENTENCES: Record<string, string> = {
  wire: "version: the other processes of the cluster run a version that this one does not understand; stop them first",
  rules: "version: the other processes of the cluster have other rules of the game; stop them first",
  maps: "MAPS_DIR: the other processes of the cluster have other maps; give all of them the same files",
};

function hashOf(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(value) ?? "")
    .digest("base64url");
}
