/**
 * How one copy of the clouds turns into another: windstill/elements/sky/dilations.py and
 * crossfade.c, for the mean of the sky; the shader does the same for each pixel.
 */

import { blurred, Plane } from "./plane.js";

// As in crossfade.c.
const ENDS = 16;
// As in blur.py.
const NARROWEST = 3;
// How far a row of a structuring element goes to either side, from its first row to its last.
const DISC = [0, 2, 2, 2, 0];

/** The cloud cover, dilated in steps. */
export class Dilations {
  /**
   * @param {import("./plane.js").Plane} luma at half size, levels
   * @param {number} reach how far the dilations reach, luma pixels
   * @param {object} change the constants of the package
   */
  constructor(luma, reach, change) {
    this._change = change;
    const scale = Math.min((change.step * (change.levels - 1)) / Math.max(reach, 1e-6), change.finest);
    this.scale = scale;
    this.width = Math.max(2, Math.round(2 * luma.width * scale));
    this.height = Math.max(2, Math.round(2 * luma.height * scale));
    const small = reduced(luma, this.width, this.height);
    const smooth = blurred(small, this.width, this.height, change.smooth);
    const shape = cloudCover(smooth, this.width, this.height, change.surroundings * scale, change);
    const [least, most] = shape.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
    this.unit = Math.max((most - least) / 255, 1e-3);
    this.reach = (reach * scale) / change.step;
    this.faint = (change.faint / this.unit) ** 2;
    this.hard = (change.hard / this.unit) ** 2;
    const plane = Uint8Array.from(shape, (value) => Math.round((value - least) / this.unit));
    this.planes = [plane];
    while (this.planes.length < change.levels) {
      this.planes.push(dilated(this.planes.at(-1), this.width, this.height, DISC));
    }
  }

  /** Four of the planes from `first` on, as the channels of a picture. */
  packed(first) {
    const size = this.width * this.height;
    const found = new Uint8ClampedArray(4 * size);
    for (let i = 0; i < size; i++) for (let k = 0; k < 4; k++) found[4 * i + k] = this.planes[first + k][i];
    return new ImageData(found, this.width, this.height);
  }

  /**
   * How much of the later copy is seen; from, to: where both copies are read, luma pixels. come: how
   * far the change has come.
   */
  share(from, to, come, roughness) {
    if (come <= 0 || come >= 1) return come;
    const { eagerness, contrast } = this._change;
    const middle = come * (1 - come);
    const plain = come * come * (3 - 2 * come);
    const rough = clipped(come + middle * roughness);
    const [early, late] = [this._at(from, 0), this._at(to, 0)];
    const kept = this._at(to, this.reach * (1 - eagerness * rough));
    const grown = this._at(from, this.reach * (1 - eagerness * (1 - rough)));
    const shown = Math.max(Math.min(early, kept), Math.min(late, grown));
    const apart = late - early;
    let share = (apart * (shown - early) + this.faint * plain) / (apart * apart + this.faint);
    share = 0.5 + (share - 0.5) * (1 + (contrast * apart * apart) / (apart * apart + this.hard));
    return clipped(plain + (share - plain) * Math.min(ENDS * middle, 1));
  }

  _at({ x, y }, steps) {
    const level = Math.min(Math.max(steps, 0), this.planes.length - 1);
    const low = Math.min(Math.floor(level), this.planes.length - 2);
    const px = Math.min(Math.max((x + 0.5) * this.scale - 0.5, 0), this.width - 1);
    const py = Math.min(Math.max((y + 0.5) * this.scale - 0.5, 0), this.height - 1);
    const at = Math.round(py) * this.width + Math.round(px);
    const below = this.planes[low][at];
    return below + (level - low) * (this.planes[low + 1][at] - below);
  }
}

function clipped(value) {
  return Math.min(Math.max(value, 0), 1);
}

/** How far into a cloud each place is: `cloud_cover` of dilations.py. */
function cloudCover(luma, width, height, sigma, { flat, sobel, edge }) {
  const weight = luma.map((_, i) => gradient(luma, width, height, i, sobel) + flat);
  const wide = (values) => wideBlur(values, width, height, sigma);
  const total = wide(weight);
  const mean = wide(weight.map((w, i) => w * luma[i]));
  const square = wide(weight.map((w, i) => w * luma[i] * luma[i]));
  return luma.map((value, i) => {
    const threshold = mean[i] / total[i];
    const contrast = Math.sqrt(12 * Math.max(square[i] / total[i] - threshold * threshold, 0));
    const ramp = (value - threshold - edge[0] * contrast) / ((edge[1] - edge[0]) * contrast + 1);
    return contrast * clipped(ramp);
  });
}

/** The square of the gradient at sample i, by a Sobel operator; edges are mirrored. */
function gradient(luma, width, height, i, scale) {
  const x = i % width;
  const [left, right] = [x ? -1 : 1, x < width - 1 ? 1 : -1];
  const [up, down] = [i >= width ? -width : width, i < width * (height - 1) ? width : -width];
  const step = (across, along, to, fro) =>
    scale * (luma[i + across + to] - luma[i + across + fro] + luma[i + along + to] - luma[i + along + fro])
    + 2 * scale * (luma[i + to] - luma[i + fro]);
  return step(up, down, right, left) ** 2 + step(left, right, down, up) ** 2;
}

/** A blur worked out at a size where it is narrow: windstill/imaging/blur.py. */
function wideBlur(values, width, height, sigma) {
  const factor = Math.max(1, Math.floor(sigma / NARROWEST));
  const [across, down] = [width, height].map((size) => Math.max(2, Math.floor(size / factor)));
  const small = reduced(new Plane(values, width, height), across, down);
  const narrow = new Plane(blurred(small, across, down, Math.max(sigma / factor, 0.5)), across, down);
  return values.map((_, i) => {
    const [x, y] = [((i % width) + 0.5) * across, (Math.floor(i / width) + 0.5) * down];
    return narrow.at(x / width - 0.5, y / height - 0.5);
  });
}

/** A plane at a smaller size, each sample the mean of what it covers. */
function reduced({ data, width, height }, across, down) {
  const wide = shrunk(data, width, across, 1, height, width, across);
  return shrunk(wide, height, down, across, across, 1, 1);
}

/** Lines of `size` samples, `step` apart, shrunk to `count`; lines start `between`, then `after` apart. */
function shrunk(source, size, count, step, lines, between, after) {
  const found = new Float32Array(count * lines);
  const length = size / count;
  for (let i = 0; i < count; i++) {
    const [begin, end] = [i * length, (i + 1) * length];
    for (let k = Math.floor(begin); k < Math.min(Math.ceil(end), size); k++) {
      const weight = (Math.min(end, k + 1) - Math.max(begin, k)) / length;
      for (let line = 0; line < lines; line++) {
        found[line * after + i * step] += weight * source[line * between + k * step];
      }
    }
  }
  return found;
}

/** The largest value within a structuring element. */
function dilated(plane, width, height, element) {
  const found = new Uint8Array(plane.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let largest = 0;
      for (let j = 0; j < element.length; j++) {
        const row = y + j - (element.length - 1) / 2;
        if (row < 0 || row >= height) continue;
        const half = element[j];
        for (let column = Math.max(x - half, 0); column <= Math.min(x + half, width - 1); column++) {
          largest = Math.max(largest, plane[row * width + column]);
        }
      }
      found[y * width + x] = largest;
    }
  }
  return found;
}
