// Creates a self-signed certificate for localhost and 127.0.0.1.
// cspell:words addext keyout paramgen pkeyopt subj
import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** The files of a certificate. */
export interface Certificate {
  certificate: string;
  key: string;
}

/** Creates the files in a folder. */
export function createCertificate(folder: string): Certificate {
  const [certificate, key] = [join(folder, "site.crt"), join(folder, "site.key")];
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", "/CN=localhost", "-addext", names, "-keyout", key, "-out", certificate],
    ],
    { stdio: "ignore" },
  );
  return { certificate, key };
}
