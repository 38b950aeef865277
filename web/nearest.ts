// Finds the items nearest to a point, among many items.

/** An item, and its distance in units. */
export interface Near<T> {
  item: T;
  distance: number;
}

/**
 * Returns up to `limit` items, nearest first. Sorts only these items, because a crowd has many more. Sorts items at the
 * same distance by id, so that their order does not change from call to call.
 */
export function nearestOf<T extends { id: string }>(
  items: Iterable<T>,
  distanceOf: (item: T) => number,
  limit: number,
): Near<T>[] {
  const found: Near<T>[] = [];
  for (const item of items) {
    const candidate = { item, distance: distanceOf(item) };
    if (found.length === limit && !isNearer(candidate, found[limit - 1]!)) continue;
    let place = found.length;
    while (place > 0 && isNearer(candidate, found[place - 1]!)) place--;
    found.splice(place, 0, candidate);
    if (found.length > limit) found.pop();
  }
  return found;
}

function isNearer<T extends { id: string }>(one: Near<T>, other: Near<T>): boolean {
  return one.distance < other.distance || (one.distance === other.distance && one.item.id < other.item.id);
}
