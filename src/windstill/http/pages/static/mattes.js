/** Where sky and hair are: two planes of 8 bits at the preview's size, and how they are drawn. */

import { asBlob, sheet } from './dom.js';

export const ELEMENTS = ['sky', 'hair'];

const TINTS = { sky: [74, 92, 255], hair: [255, 122, 46] };
const OUTLINES = { sky: [214, 222, 255], hair: [255, 226, 196] };
const COVER = 96;
const STRIPE = 52;

export class Mattes {
  /** `found` is the planes as the service found them; `planes` what they are now. */
  constructor(width, height, planes) {
    this.width = width;
    this.height = height;
    this.planes = planes;
    this.found = { sky: planes.sky.slice(), hair: planes.hair.slice() };
  }

  /** From the service's picture: red is sky, green is hair. */
  static from(bitmap) {
    const { width, height } = bitmap;
    const [, context] = sheet(width, height);
    context.drawImage(bitmap, 0, 0);
    const pixels = context.getImageData(0, 0, width, height).data;
    const planes = { sky: new Uint8Array(width * height), hair: new Uint8Array(width * height) };
    for (let at = 0; at < planes.sky.length; at += 1) {
      planes.sky[at] = pixels[4 * at];
      planes.hair[at] = pixels[4 * at + 1];
    }
    return new Mattes(width, height, planes);
  }

  /** Part of the photo that an element covers, 0 to 1. */
  area(element) {
    return this.planes[element].reduce((sum, value) => sum + value, 0) / 255 / this.planes[element].length;
  }

  edited(element) {
    const [now, found] = [this.planes[element], this.found[element]];
    return now.some((value, at) => value !== found[at]);
  }

  /** Takes over the `elements` of other mattes, where `place` [x, y, width, height] of these has them. */
  carry(other, elements, place) {
    const canvas = this.canvas();
    canvas.getContext('2d').drawImage(other.canvas(), ...place);
    const carried = Mattes.from(canvas);
    for (const element of elements) this.planes[element].set(carried.planes[element]);
  }

  reset() {
    for (const element of ELEMENTS) this.planes[element].set(this.found[element]);
  }

  /** One plane as a grey PNG, white where the element is. */
  png(element) {
    const plane = this.planes[element];
    return asBlob(this.#painted((at) => [plane[at], plane[at], plane[at]]), 'image/png');
  }

  /** Both planes as the service draws them: red sky, green hair. */
  canvas() {
    return this.#painted((at) => [this.planes.sky[at], this.planes.hair[at], 0]);
  }

  #painted(colour) {
    const [canvas, context] = sheet(this.width, this.height);
    const image = context.createImageData(this.width, this.height);
    for (let at = 0; at < this.width * this.height; at += 1) image.data.set([...colour(at), 255], 4 * at);
    context.putImageData(image, 0, 0);
    return canvas;
  }

  /** Draws the tints of the elements in `shown` into a box [left, top, right, bottom] of a context. */
  tint(context, shown, [left, top, right, bottom] = [0, 0, this.width, this.height]) {
    if (right <= left || bottom <= top) return;
    const image = context.createImageData(right - left, bottom - top);
    let out = 0;
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1, out += 4) {
        for (const element of ELEMENTS) if (shown[element]) this.#blend(image.data, out, element, x, y);
      }
    }
    context.putImageData(image, left, top);
  }

  #blend(pixels, out, element, x, y) {
    const plane = this.planes[element];
    const at = y * this.width + x;
    const value = plane[at];
    if (value < 6) return;
    const inside = value > 127;
    const outline = inside && ((x > 0 && plane[at - 1] < 128) || (x + 1 < this.width && plane[at + 1] < 128)
      || (y > 0 && plane[at - this.width] < 128) || (y + 1 < this.height && plane[at + this.width] < 128));
    const colour = (outline ? OUTLINES : TINTS)[element];
    const cover = outline ? 225 : (value / 255) * (COVER + STRIPE * striped(element, x, y));
    if (cover < pixels[out + 3]) return;
    pixels[out] = colour[0];
    pixels[out + 1] = colour[1];
    pixels[out + 2] = colour[2];
    pixels[out + 3] = cover;
  }
}

/** Lines of wind in the sky, strands in the hair: told apart without colour too. */
function striped(element, x, y) {
  const phase = element === 'sky' ? y / 17 + 0.55 * Math.sin(x / 46) : x / 11 + 0.5 * Math.sin(y / 30);
  return Math.max(0, Math.sin(phase * 2 * Math.PI) - 0.55) / 0.45;
}
