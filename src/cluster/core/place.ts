// Places in the stream of down messages, and how to compare them.
import type { Place } from "./ports.ts";

/** The place of a process that has applied nothing yet. */
export const START: Place = { epoch: 0, number: 0 };

/** Returns a negative number if `one` is older than `other`, a positive number if it is newer, 0 if they are equal. */
export function comparePlaces(one: Place, other: Place): number {
  return one.epoch - other.epoch || one.number - other.number;
}

/** Returns whether both are the same place. */
export function isSamePlace(one: Place, other: Place): boolean {
  return comparePlaces(one, other) === 0;
}

/** Returns a place as text, for logs and as a key. */
export function placeName({ epoch, number }: Place): string {
  return `${epoch}/${number}`;
}
