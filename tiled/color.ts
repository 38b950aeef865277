import type { Color } from "./model.ts";

/** The tint that changes nothing. */
export const WHITE: Color = { red: 1, green: 1, blue: 1, alpha: 1 };

/** The default colour of text. */
export const BLACK: Color = { red: 0, green: 0, blue: 0, alpha: 1 };

/** Reads a color as Tiled writes it: `#RRGGBB`, `#AARRGGBB` or `#RGB`; old versions leave out the `#`. */
export function parseColor(text: string): Color | undefined {
  const digits = /^#?([0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})$/i.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const pairs = digits.length === 3 ? digits.replace(/./g, "$&$&") : digits;
  const value = Number.parseInt(pairs, 16);
  const part = (shift: number) => ((value >>> shift) & 255) / 255;
  return { red: part(16), green: part(8), blue: part(0), alpha: pairs.length === 8 ? part(24) : 1 };
}

/** Returns the tint that has the effect of both tints. */
export function multiply(one: Color, other: Color): Color {
  return {
    red: one.red * other.red,
    green: one.green * other.green,
    blue: one.blue * other.blue,
    alpha: one.alpha * other.alpha,
  };
}
