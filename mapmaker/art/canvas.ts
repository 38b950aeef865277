// A small image in memory, whose pixels can be set, blended and copied.

/** The side of a tile in pixels, and in world units. */
export const TILE = 32;

/** A colour as 0xRRGGBB. */
export type Color = number;

/** An image, by default the size of one tile. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and alpha of each pixel, row by row. */
  readonly pixels: Uint8ClampedArray;

  constructor(width = TILE, height = TILE) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8ClampedArray(width * height * 4);
  }

  /** Blends a colour over a pixel. Ignores pixels outside the image. */
  set(x: number, y: number, color: Color, alpha = 1): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = (Math.floor(y) * this.width + Math.floor(x)) * 4;
    const under = ((this.pixels[at + 3] ?? 0) / 255) * (1 - alpha);
    const sum = alpha + under;
    if (sum === 0) return;
    for (let channel = 0; channel < 3; channel++) {
      const over = (color >> (16 - channel * 8)) & 255;
      this.pixels[at + channel] = (over * alpha + (this.pixels[at + channel] ?? 0) * under) / sum;
    }
    this.pixels[at + 3] = sum * 255;
  }

  /** Returns the opacity of a pixel, from 0 to 255; 0 outside the image. */
  alpha(x: number, y: number): number {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return 0;
    return this.pixels[(y * this.width + x) * 4 + 3] ?? 0;
  }

  /** Calls `visit` for every pixel of a rectangle; by default of the whole image. */
  each(visit: (x: number, y: number) => void, left = 0, top = 0, width = this.width, height = this.height): void {
    for (let y = top; y < top + height; y++) {
      for (let x = left; x < left + width; x++) visit(x, y);
    }
  }

  rect(left: number, top: number, width: number, height: number, color: Color, alpha = 1): void {
    this.each((x, y) => this.set(x, y, color, alpha), left, top, width, height);
  }

  ellipse(centerX: number, centerY: number, radiusX: number, radiusY: number, color: Color, alpha = 1): void {
    this.each((x, y) => {
      if (((x + 0.5 - centerX) / radiusX) ** 2 + ((y + 0.5 - centerY) / radiusY) ** 2 <= 1)
        this.set(x, y, color, alpha);
    });
  }

  /** Draws another image over this one. */
  draw(other: Canvas, left: number, top: number): void {
    other.each((x, y) => this.copy(other, x, y, left + x, top + y));
  }

  /** Blends one pixel of another image over a pixel of this image. */
  copy(other: Canvas, fromX: number, fromY: number, x: number, y: number): void {
    const at = (fromY * other.width + fromX) * 4;
    const [red = 0, green = 0, blue = 0, alpha = 0] = other.pixels.subarray(at, at + 4);
    if (alpha > 0) this.set(x, y, (red << 16) | (green << 8) | blue, alpha / 255);
  }

  /** Returns a copy of a rectangle. */
  crop(left: number, top: number, width: number, height: number): Canvas {
    const part = new Canvas(width, height);
    part.each((x, y) => part.copy(this, left + x, top + y, x, y));
    return part;
  }

  /** Draws a line around everything opaque, so that an object looks solid on any ground. */
  outline(color: Color, alpha = 1): void {
    const edge: [number, number][] = [];
    const opaque = (x: number, y: number): boolean => this.alpha(x, y) > 200;
    this.each((x, y) => {
      const beside = opaque(x - 1, y) || opaque(x + 1, y) || opaque(x, y - 1) || opaque(x, y + 1);
      if (beside && !opaque(x, y)) edge.push([x, y]);
    });
    for (const [x, y] of edge) this.set(x, y, color, alpha);
  }
}

/** Returns a colour between two colours. A `share` of 0 gives `from`, and a `share` of 1 gives `to`. */
export function mix(from: Color, to: Color, share: number): Color {
  let mixed = 0;
  for (const shift of [16, 8, 0]) {
    const start = (from >> shift) & 255;
    const end = (to >> shift) & 255;
    mixed |= Math.round(start + (end - start) * share) << shift;
  }
  return mixed;
}
