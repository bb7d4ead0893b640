/** Planes of numbers that are read between their samples. */

/** A plane of `height` rows of `width` numbers. */
export class Plane {
  /** @param {Float32Array} data */
  constructor(data, width, height) {
    this.data = data;
    this.width = width;
    this.height = height;
  }

  /** The value at (x, y), bilinear; beyond the edges, that of the edge. */
  at(x, y) {
    const { data, width, height } = this;
    const cx = x < 0 ? 0 : x > width - 1 ? width - 1 : x;
    const cy = y < 0 ? 0 : y > height - 1 ? height - 1 : y;
    const left = Math.floor(cx);
    const top = Math.floor(cy);
    const fx = cx - left;
    const fy = cy - top;
    const a = top * width + left;
    const right = left + 1 < width ? 1 : 0;
    const b = top + 1 < height ? a + width : a;
    const upper = data[a] + fx * (data[a + right] - data[a]);
    const lower = data[b] + fx * (data[b + right] - data[b]);
    return upper + fy * (lower - upper);
  }

  /** The value at (x, y), bilinear; beyond the edges the plane is mirrored. */
  mirrored(x, y) {
    return this.at(reflected(x, this.width - 1), reflected(y, this.height - 1));
  }
}

function reflected(position, last) {
  if (position >= 0 && position <= last) return position;
  const around = Math.abs(position) % (2 * last || 1);
  return around > last ? 2 * last - around : around;
}

/** A plane's Gaussian blur, mirrored at its edges. */
export function blurred(data, width, height, sigma) {
  const radius = Math.round(4 * sigma);
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const sum = weights.reduce((a, b) => a + b);
  const along = (source, size, step, lines, between) => {
    const out = new Float32Array(source.length);
    for (let line = 0; line < lines; line++) {
      for (let i = 0; i < size; i++) {
        let total = 0;
        for (let k = -radius; k <= radius; k++) {
          total += weights[k + radius] * source[line * between + reflected(i + k, size - 1) * step];
        }
        out[line * between + i * step] = total / sum;
      }
    }
    return out;
  };
  return along(along(data, width, 1, height, width), height, width, width, 1);
}

/** The value below which a share of `values` lies, linear between them. */
export function percentile(values, share) {
  const sorted = Float32Array.from(values).sort();
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}
