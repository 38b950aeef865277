// Draws the characters pixel by pixel: small people in a hanbok jacket, in the colours of their looks.
import { type Direction, DOWN, LEFT, RIGHT, UP } from "../sim/directions.ts";

/** Size of one frame in pixels. A pixel is one unit of the world. */
export const WIDTH = 24;
export const HEIGHT = 32;

/** Number of frames in a walk cycle: stand, left foot, stand, right foot. */
export const FRAMES = 4;

/** The directions that a character can face, in the order of the rows of a sprite sheet. */
export const ROWS: readonly Direction[] = [DOWN, LEFT, RIGHT, UP];

/** The hues of the jackets, in degrees, and the colours of the hair. A look is a pair of a jacket and a hair colour. */
export const JACKETS = [4, 24, 42, 78, 142, 172, 196, 216, 262, 292, 322, 344] as const;
export const HAIR = ["#33262b", "#4a3024", "#22283a", "#6b4a30"] as const;

const SKIN = "#f6d3ae";
const SKIN_SHADE = "#e2b08c";
const CHEEK = "#ee9b86";
const EYE = "#2b2530";
const COLLAR = "#fbf6ea";
const SHOE = "#3a3340";
const OUTLINE = "#2a2430";

/** Returns the number of the look with this jacket and this hair, given by their indices. */
export function lookOf(jacket: number, hair: number): number {
  return hair * JACKETS.length + jacket;
}

/** Returns the indices of the jacket and the hair of a look. */
export function partsOf(look: number): { jacket: number; hair: number } {
  return { jacket: look % JACKETS.length, hair: Math.floor(look / JACKETS.length) % HAIR.length };
}

/** Returns the hue of a look's jacket, in degrees. */
export function jacketOf(look: number): number {
  return JACKETS[partsOf(look).jacket]!;
}

/** Paints the sprite sheet of one look: a row per direction, and a column per frame of the walk cycle. */
export function paintSheet(look: number): HTMLCanvasElement {
  const hue = jacketOf(look);
  const hair = HAIR[partsOf(look).hair]!;
  const sheet = document.createElement("canvas");
  sheet.width = WIDTH * FRAMES;
  sheet.height = HEIGHT * ROWS.length;
  // Phaser reads the pixels of each canvas. Without this option, the browser would copy them from the graphics card.
  const context = sheet.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser does not support 2D canvases, which the page needs to draw characters");
  const colours = {
    hair,
    hairLight: `color-mix(in srgb, ${hair}, white 16%)`,
    coat: `hsl(${hue} 58% 56%)`,
    coatShade: `hsl(${hue} 50% 43%)`,
    coatLight: `hsl(${hue} 68% 68%)`,
    skirt: `hsl(${(hue + 200) % 360} 22% 34%)`,
    skirtShade: `hsl(${(hue + 200) % 360} 24% 26%)`,
  };
  for (const [row, facing] of ROWS.entries()) {
    for (let frame = 0; frame < FRAMES; frame++) {
      const pixels = new Pixels();
      // A character that faces right is the mirror image of one that faces left.
      paint(pixels, facing === RIGHT ? LEFT : facing, frame, colours);
      pixels.outline(OUTLINE);
      pixels.drawOn(context, frame * WIDTH, row * HEIGHT, facing === RIGHT);
    }
  }
  return sheet;
}

interface Colours {
  hair: string;
  hairLight: string;
  coat: string;
  coatShade: string;
  coatLight: string;
  skirt: string;
  skirtShade: string;
}

function paint(pixels: Pixels, facing: Direction, frame: number, colours: Colours): void {
  const stride = frame === 1 ? 1 : frame === 3 ? -1 : 0;
  // The body is highest while one foot passes the other.
  const top = stride === 0 ? 0 : 1;
  if (facing === LEFT) paintSide(pixels, stride, top, colours);
  else paintFront(pixels, stride, top, colours, facing === UP);
}

function paintFront(pixels: Pixels, stride: number, top: number, colours: Colours, back: boolean): void {
  // Feet: the raised foot is drawn higher.
  pixels.fill(8, stride > 0 ? 27 : 28, 3, 3, SHOE);
  pixels.fill(13, stride < 0 ? 27 : 28, 3, 3, SHOE);
  // Trousers, jacket, sleeves.
  pixels.fill(8, 24 + top, 8, 5 - top, colours.skirt);
  pixels.fill(11, 26 + top, 2, 3 - top, colours.skirtShade);
  pixels.fill(7, 17 + top, 10, 8, colours.coat);
  pixels.fill(15, 17 + top, 2, 8, colours.coatShade);
  pixels.fill(7, 24 + top, 10, 1, colours.coatShade);
  pixels.fill(5, 18 + top, 2, 5 + stride, colours.coatLight);
  pixels.fill(17, 18 + top, 2, 5 - stride, colours.coatShade);
  pixels.fill(5, 23 + top + stride, 2, 2, SKIN);
  pixels.fill(17, 23 + top - stride, 2, 2, SKIN_SHADE);
  if (!back) {
    pixels.fill(9, 17 + top, 1, 2, COLLAR);
    pixels.fill(10, 18 + top, 1, 2, COLLAR);
    pixels.fill(11, 19 + top, 2, 1, COLLAR);
    pixels.fill(13, 18 + top, 1, 2, COLLAR);
    pixels.fill(14, 17 + top, 1, 2, COLLAR);
    pixels.fill(12, 20 + top, 1, 4, colours.coatLight);
  }
  // Head, hair, top knot.
  pixels.oval(4, 4 + top, 16, 14, colours.hair);
  pixels.oval(10, 1 + top, 4, 4, colours.hair);
  pixels.fill(10, 4 + top, 4, 1, colours.coat);
  pixels.fill(7, 6 + top, 5, 1, colours.hairLight);
  pixels.fill(6, 7 + top, 2, 1, colours.hairLight);
  if (back) {
    pixels.fill(11, 15 + top, 2, 6, colours.hair);
    pixels.fill(11, 20 + top, 2, 1, colours.coatLight);
    return;
  }
  pixels.oval(6, 8 + top, 12, 10, SKIN);
  pixels.fill(6, 8 + top, 12, 2, colours.hair);
  pixels.fill(6, 10 + top, 2, 1, colours.hair);
  pixels.fill(16, 10 + top, 2, 1, colours.hair);
  pixels.fill(11, 10 + top, 1, 1, colours.hair);
  pixels.fill(8, 12 + top, 2, 3, EYE);
  pixels.fill(14, 12 + top, 2, 3, EYE);
  pixels.fill(8, 12 + top, 1, 1, COLLAR);
  pixels.fill(14, 12 + top, 1, 1, COLLAR);
  pixels.fill(7, 15 + top, 2, 1, CHEEK);
  pixels.fill(15, 15 + top, 2, 1, CHEEK);
  pixels.fill(11, 16 + top, 2, 1, SKIN_SHADE);
}

function paintSide(pixels: Pixels, stride: number, top: number, colours: Colours): void {
  // The far leg is painted first. In a stride the legs are apart; at rest, the near leg hides the far one.
  const reach = Math.abs(stride) * 3;
  pixels.fill(11 + (stride > 0 ? reach : -reach), 27 + (stride > 0 ? 0 : 1), 4, 3 - (stride > 0 ? 1 : 0), SHOE);
  pixels.fill(10 + (stride > 0 ? -reach : reach), 27 + (stride < 0 ? 0 : 1), 4, 3 - (stride < 0 ? 1 : 0), SHOE);
  pixels.fill(9, 24 + top, 7, 4 - top, colours.skirt);
  if (stride !== 0) pixels.fill(8, 26, 9, 2, colours.skirtShade);
  pixels.fill(8, 17 + top, 8, 8, colours.coat);
  pixels.fill(14, 17 + top, 2, 8, colours.coatShade);
  pixels.fill(8, 24 + top, 8, 1, colours.coatShade);
  pixels.fill(8, 17 + top, 1, 3, COLLAR);
  // The arm swings opposite to the near leg.
  pixels.fill(11, 18 + top, 3, 3, colours.coatLight);
  pixels.fill(11 + stride, 20 + top, 3, 3, colours.coatLight);
  pixels.fill(11 + 2 * stride, 23 + top, 2, 2, SKIN);
  pixels.oval(4, 4 + top, 16, 14, colours.hair);
  pixels.oval(12, 1 + top, 4, 4, colours.hair);
  pixels.fill(12, 4 + top, 4, 1, colours.coat);
  pixels.fill(7, 6 + top, 5, 1, colours.hairLight);
  pixels.oval(4, 8 + top, 10, 10, SKIN);
  pixels.fill(5, 8 + top, 10, 2, colours.hair);
  pixels.fill(12, 10 + top, 3, 3, colours.hair);
  pixels.fill(8, 10 + top, 1, 1, colours.hair);
  pixels.fill(13, 13 + top, 2, 2, SKIN_SHADE);
  pixels.fill(6, 12 + top, 2, 3, EYE);
  pixels.fill(6, 12 + top, 1, 1, COLLAR);
  pixels.fill(7, 15 + top, 2, 1, CHEEK);
}

/** A frame under construction: the colour of each painted pixel. */
class Pixels {
  readonly #colours = new Map<number, string>();

  fill(left: number, top: number, width: number, height: number, colour: string): void {
    for (let y = top; y < top + height; y++) for (let x = left; x < left + width; x++) this.#set(x, y, colour);
  }

  oval(left: number, top: number, width: number, height: number, colour: string): void {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const across = (x + 0.5) / width - 0.5;
        const down = (y + 0.5) / height - 0.5;
        if (across * across + down * down <= 0.25) this.#set(left + x, top + y, colour);
      }
    }
  }

  /** Draws a line around all pixels painted so far, so that the character stands out from any ground. */
  outline(colour: string): void {
    for (const index of [...this.#colours.keys()]) {
      const x = index % WIDTH;
      const y = Math.floor(index / WIDTH);
      for (const [nextX, nextY] of [
        [x - 1, y],
        [x + 1, y],
        [x, y - 1],
        [x, y + 1],
      ] as const) {
        if (!this.#colours.has(nextY * WIDTH + nextX)) this.#set(nextX, nextY, colour);
      }
    }
  }

  drawOn(context: CanvasRenderingContext2D, left: number, top: number, mirrored: boolean): void {
    for (const [index, colour] of this.#colours) {
      const x = index % WIDTH;
      context.fillStyle = colour;
      context.fillRect(left + (mirrored ? WIDTH - 1 - x : x), top + Math.floor(index / WIDTH), 1, 1);
    }
  }

  #set(x: number, y: number, colour: string): void {
    if (x >= 0 && y >= 0 && x < WIDTH && y < HEIGHT) this.#colours.set(y * WIDTH + x, colour);
  }
}
