import type { Color } from "../model.ts";

/** Returns a color in the notation of CSS, `#rrggbb`. Leaves out the color's alpha. */
export function hexOf({ red, green, blue }: Color): string {
  return `#${[red, green, blue]
    .map((part) =>
      Math.round(part * 255)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}
