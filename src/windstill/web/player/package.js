/** Reading a motion package; its format is described in windstill/web/package.py. */

const VERSION = 1;
const STORED = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  float32: Float32Array,
};

/** A motion package. `header` is its JSON. */
export class MotionPackage {
  /** @param {ArrayBuffer} buffer Throws a TypeError for anything but a package of this version. */
  constructor(buffer) {
    const view = new DataView(buffer);
    const magic = buffer.byteLength < 12 ? "" : String.fromCharCode(...new Uint8Array(buffer, 0, 4));
    if (magic !== "WSMP" || view.getUint32(4, true) !== VERSION) {
      throw new TypeError(`not a motion package of version ${VERSION}`);
    }
    const length = view.getUint32(8, true);
    this.header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 12, length)));
    this._buffer = buffer;
    this._start = 12 + length;
  }

  /** The numbers of an array, scaled: {data: Float32Array, shape: number[]}. */
  grid(name) {
    const entry = this.header.arrays[name];
    const count = entry.shape.reduce((product, side) => product * side, 1);
    const stored = new STORED[entry.dtype](this._buffer, this._start + entry.offset, count);
    const scales = [entry.scale].flat();
    const share = count / scales.length;
    const data = new Float32Array(count);
    for (let i = 0; i < count; i++) data[i] = stored[i] * scales[Math.floor(i / share)];
    return { data, shape: entry.shape };
  }

  /** A picture, its channels as they were stored. @returns {Promise<ImageBitmap>} */
  picture(name) {
    const { type, offset, length } = this.header.images[name];
    const bytes = new Uint8Array(this._buffer, this._start + offset, length);
    return dataBitmap(new Blob([bytes], { type }));
  }
}

/** Decodes a picture whose channels are data and not colours. @param {Blob} blob */
export function dataBitmap(blob) {
  return createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}
