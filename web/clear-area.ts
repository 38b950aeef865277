// The part of the screen that the title, the panels, the touch pad and the chat do not cover. The camera keeps the
// user's player there.

/** A rectangle on the screen, in CSS pixels. */
export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The elements that always cover part of the game. The banner and the hint are not listed, because they disappear. */
const COVERS = "header, #panels details, #panels .body, #pad, #chat";

/**
 * Minimum width and height of the clear area, in CSS pixels. If the screen has less free space, elements cover a part
 * of the area.
 */
const MIN_CLEAR = 120;

/** Returns the clear area of the page now. */
export function measureClearArea(): Area {
  const covers = [...document.querySelectorAll(COVERS)].filter((element) => element.checkVisibility());
  return clearArea(
    { width: innerWidth, height: innerHeight },
    covers.map((element) => element.getBoundingClientRect()),
  );
}

/**
 * Returns the clear area of a screen. A cover is the rectangle of an element that covers a part of the screen. For each
 * cover, cuts off one strip along a side of the screen, so that the strip includes the cover. Chooses the smallest
 * strip that leaves at least MIN_CLEAR. If no strip leaves this much, ignores the cover, which may then overlap the
 * area. Starts with the covers that need the largest strips, because these strips may include other covers.
 */
export function clearArea(screen: { width: number; height: number }, covers: readonly Area[]): Area {
  const strips = covers
    .filter(({ width, height }) => width > 0 && height > 0)
    .map((cover) => stripsOf(cover, screen))
    .sort(([one], [other]) => other!.share - one!.share);
  const lost = { left: 0, right: 0, top: 0, bottom: 0 };
  for (const choices of strips) {
    if (choices.some(({ side, size }) => lost[side] >= size)) continue;
    const strip = choices.find(({ side, size }) => {
      const [across, opposite] = OPPOSITES[side];
      return screen[across] - lost[opposite] - size >= MIN_CLEAR;
    });
    if (strip) lost[strip.side] = strip.size;
  }
  const { left, right, top, bottom } = lost;
  return { left, top, width: screen.width - left - right, height: screen.height - top - bottom };
}

/** For each side of the screen: the dimension in which the size of its strips is measured, and the opposite side. */
const OPPOSITES = {
  left: ["width", "right"],
  right: ["width", "left"],
  top: ["height", "bottom"],
  bottom: ["height", "top"],
} as const;

/**
 * A strip along a side of the screen. `size` is in CSS pixels. `share` is the fraction of the screen that the strip
 * occupies, from 0 to 1.
 */
interface Strip {
  side: keyof typeof OPPOSITES;
  size: number;
  share: number;
}

/** Returns, for each side of the screen, the strip that would include a cover. The smallest share comes first. */
function stripsOf({ left, top, width, height }: Area, screen: { width: number; height: number }): Strip[] {
  const sizes = { left: left + width, right: screen.width - left, top: top + height, bottom: screen.height - top };
  return (["left", "right", "top", "bottom"] as const)
    .map((side) => ({ side, size: sizes[side], share: sizes[side] / screen[OPPOSITES[side][0]] }))
    .sort((one, other) => one.share - other.share);
}
