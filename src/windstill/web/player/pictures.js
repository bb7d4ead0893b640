/** Pictures at other sizes, and their pixels. */

/** A picture at another size; the same where nothing changes. ground: shows through it. */
export async function fitted(source, [width, height], ground) {
  const same = source.width === width && source.height === height;
  if (same && ground === null && source instanceof ImageBitmap) return source;
  const canvas = blank(width, height);
  const context = canvas.getContext("2d");
  if (ground !== null) {
    context.fillStyle = ground;
    context.fillRect(0, 0, width, height);
  }
  // Halved step by step, so that every pixel counts.
  let from = source;
  while (from.width >= 2 * width && from.height >= 2 * height) {
    const half = blank(Math.ceil(from.width / 2), Math.ceil(from.height / 2));
    half.getContext("2d").drawImage(from, 0, 0, half.width, half.height);
    from = half;
  }
  context.imageSmoothingQuality = "high";
  context.drawImage(from, 0, 0, width, height);
  return canvas;
}

/** The ImageData of a bitmap. */
export function pixels(bitmap) {
  if (bitmap instanceof ImageData) return bitmap;
  const context = blank(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

/** A picture of this size whose red is that of the first bitmap, and green that of the second. */
export function merged([width, height], red, green) {
  const found = new ImageData(width, height);
  for (const [channel, bitmap] of [red, green].entries()) {
    if (!bitmap) continue;
    const { data } = pixels(bitmap);
    for (let i = 0; i < data.length; i += 4) found.data[i + channel] = data[i];
  }
  for (let i = 3; i < found.data.length; i += 4) found.data[i] = 255;
  return found;
}

function blank(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}
