// Compares secrets in a time that tells nothing of them.
import { createHash, timingSafeEqual } from "node:crypto";

/** Whether two secrets are the same: it takes as long wherever they differ, and whatever their lengths. */
export function isSameSecret(given: string, wanted: string): boolean {
  return timingSafeEqual(digest(given), digest(wanted));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
