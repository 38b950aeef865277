// Places speech bubbles so that no bubble covers another.

/** A bubble on the screen, in CSS pixels. `x` is its centre, and `y` its lower edge. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Smallest vertical distance between two bubbles. */
const GAP = 3;

/**
 * Returns the lower edge of each bubble, in the order of the list. The lowest bubble stays where it is. A bubble that
 * would cover a lower bubble moves up.
 */
export function stack(boxes: readonly Box[]): number[] {
  const edges = boxes.map(({ y }) => y);
  const placed: Box[] = [];
  for (const index of [...boxes.keys()].sort((one, other) => boxes[other]!.y - boxes[one]!.y)) {
    const box = { ...boxes[index]! };
    // Compares the box with the lowest bubble first, so that one pass is enough.
    for (const lower of placed.toSorted((one, other) => other.y - one.y)) {
      const isBeside = Math.abs(box.x - lower.x) >= (box.width + lower.width) / 2;
      const isAbove = box.y + GAP <= lower.y - lower.height;
      const isBelow = lower.y + GAP <= box.y - box.height;
      if (!isBeside && !isAbove && !isBelow) box.y = lower.y - lower.height - GAP;
    }
    placed.push(box);
    edges[index] = box.y;
  }
  return edges;
}
