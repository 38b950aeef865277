// Compares secrets in constant time.
import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Returns whether two secrets are equal. The duration of the comparison does not depend on the position of the first
 * difference.
 */
export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
