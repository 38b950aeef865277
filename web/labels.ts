// Decides which names are shown, so that no two of them overlap.

/** The rectangle of a name. `x` is its centre, and `y` its lower edge. */
export interface Label {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Returns for each label whether it is shown. A label is hidden if it overlaps a shown label earlier in the list. */
export function placeLabels(labels: readonly Label[]): boolean[] {
  const shown: Label[] = [];
  return labels.map((label) => {
    const isFree = !shown.some((other) => overlap(label, other));
    if (isFree) shown.push(label);
    return isFree;
  });
}

function overlap(one: Label, other: Label): boolean {
  const isBeside = Math.abs(one.x - other.x) >= (one.width + other.width) / 2;
  const isAbove = one.y <= other.y - other.height || other.y <= one.y - one.height;
  return !isBeside && !isAbove;
}
