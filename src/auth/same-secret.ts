// Compares secrets in constant time.
import { createHash, timingSafeEqual } from "node:crypto";

/** Whether two secrets are equal. The time it takes does not depend on where they differ, or on their lengths. */
export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
