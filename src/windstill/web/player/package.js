/** Reading a motion package; its format is described in windstill/web/package.py. */

import { pixels } from "./pictures.js";

const VERSION = 2;
const STORED = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array };

/** A motion package. `header` is its JSON. */
export class MotionPackage {
  /** @param {ArrayBuffer} buffer Rejects with a TypeError for anything but one of this version. */
  static async read(buffer) {
    const view = new DataView(buffer);
    const magic = buffer.byteLength < 12 ? "" : String.fromCharCode(...new Uint8Array(buffer, 0, 4));
    if (magic !== "WSMP" || view.getUint32(4, true) !== VERSION) {
      throw new TypeError(`not a motion package of version ${VERSION}`);
    }
    const length = view.getUint32(8, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 12, length)));
    const payload = new Uint8Array(buffer, 12 + length);
    const numbers = new Blob([payload.subarray(0, header.numbers)]).stream();
    const inflated = new Response(numbers.pipeThrough(new DecompressionStream("deflate")));
    return new MotionPackage(header, await inflated.arrayBuffer(), payload);
  }

  constructor(header, numbers, payload) {
    this.header = header;
    this._numbers = numbers;
    this._payload = payload;
  }

  /** The numbers of an array, scaled: {data: Float32Array, shape: number[]}. */
  grid(name) {
    const { dtype, shape, scale, offset } = this.header.arrays[name];
    const count = shape.reduce((product, side) => product * side, 1);
    const stored = new STORED[dtype](this._numbers.slice(offset), 0, count);
    const [rows, columns] = shape.slice(-2);
    // What is stored is the difference to the number above, and of these to the one before.
    for (let i = 0; i < count; i++) {
      if (i % columns) stored[i] += stored[i - 1];
    }
    for (let i = columns; i < count; i++) {
      if (i % (rows * columns) >= columns) stored[i] += stored[i - columns];
    }
    const scales = [scale].flat();
    const share = count / scales.length;
    const data = Float32Array.from(stored, (number, i) => number * scales[Math.floor(i / share)]);
    return { data, shape };
  }

  /** A picture, its channels as they were stored. @returns {Promise<ImageBitmap | ImageData>} */
  async picture(name) {
    const { offset, length, planes, range = [0, 255] } = this.header.images[name];
    const bitmap = await dataBitmap(new Blob([this._payload.subarray(offset, offset + length)]));
    return planes ? unstacked(bitmap, planes, range) : bitmap;
  }
}

/** Decodes a picture whose channels are data and not colours. @param {Blob} blob */
export function dataBitmap(blob) {
  return createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}

/** Planes that lie one below the other as the channels of a picture. */
function unstacked(bitmap, planes, [low, high]) {
  const { data } = pixels(bitmap);
  const found = new ImageData(bitmap.width, bitmap.height / planes);
  const size = found.width * found.height;
  found.data.fill(255);
  for (let channel = 0; channel < 3; channel++) {
    // Of a single plane every channel is the same.
    const from = planes === 1 ? 0 : channel * size;
    for (let i = 0; i < size; i++) {
      found.data[4 * i + channel] = ((data[4 * (from + i)] - low) * 255) / (high - low);
    }
  }
  return found;
}
