// Makes copies of images with other colors.

/** Returns a copy of an image in which the pixels of a color, `#rrggbb`, are transparent. */
export function withoutColor(picture: CanvasImageSource & Size, color: string): HTMLCanvasElement {
  const context = copyOf(picture);
  const image = context.getImageData(0, 0, picture.width, picture.height);
  const wanted = Number.parseInt(color.slice(1), 16);
  for (let at = 0; at < image.data.length; at += 4) {
    const [red = 0, green = 0, blue = 0] = image.data.subarray(at, at + 3);
    if (((red << 16) | (green << 8) | blue) === wanted) image.data[at + 3] = 0;
  }
  context.putImageData(image, 0, 0);
  return context.canvas;
}

/** Returns a copy of an image with all pixels multiplied by a CSS color. */
export function tinted(picture: CanvasImageSource & Size, color: string): HTMLCanvasElement {
  const context = copyOf(picture);
  const { width, height } = context.canvas;
  context.globalCompositeOperation = "multiply";
  context.fillStyle = color;
  context.fillRect(0, 0, width, height);
  // `fillRect` has also filled the transparent pixels. Drawing with this operation makes them transparent again.
  context.globalCompositeOperation = "destination-in";
  context.drawImage(picture, 0, 0);
  return context.canvas;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function copyOf(picture: CanvasImageSource & Size): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  const context = canvas.getContext("2d")!;
  context.drawImage(picture, 0, 0);
  return context;
}
