/**
 * The colour guided filter (He, Sun and Tang, 2013): a rough map made to follow a picture's edges.
 * Within a small window the result is an affine function of the picture's colour.
 */

/** `guide`: three Float32Arrays in [0, 1]; `target`: Float32Array; all width x height. */
export function guidedFilter(guide, target, width, height, radius, epsilon) {
  const box = (plane) => boxMean(plane, width, height, radius);
  const times = (a, b) => a.map((value, at) => value * b[at]);
  const means = guide.map(box);
  const mean = box(target);
  const covariance = guide.map((plane, c) => {
    const product = box(times(plane, target));
    return product.map((value, at) => value - means[c][at] * mean[at]);
  });
  const variance = (i, j) => {
    const product = box(times(guide[i], guide[j]));
    return product.map((value, at) => value - means[i][at] * means[j][at] + (i === j ? epsilon : 0));
  };
  const slopes = solve([variance(0, 0), variance(0, 1), variance(0, 2), variance(1, 1), variance(1, 2), variance(2, 2)], covariance);
  const offset = mean.map((value, at) => value - slopes[0][at] * means[0][at] - slopes[1][at] * means[1][at] - slopes[2][at] * means[2][at]);
  const [s0, s1, s2, constant] = [...slopes, offset].map(box);
  return constant.map((value, at) => value + s0[at] * guide[0][at] + s1[at] * guide[1][at] + s2[at] * guide[2][at]);
}

/** The symmetric 3 x 3 system of every pixel, by cofactors. */
function solve([a, b, d, e, f, g], [c0, c1, c2]) {
  const slopes = [new Float32Array(a.length), new Float32Array(a.length), new Float32Array(a.length)];
  for (let at = 0; at < a.length; at += 1) {
    const k00 = e[at] * g[at] - f[at] * f[at];
    const k01 = d[at] * f[at] - b[at] * g[at];
    const k02 = b[at] * f[at] - d[at] * e[at];
    const k11 = a[at] * g[at] - d[at] * d[at];
    const k12 = b[at] * d[at] - a[at] * f[at];
    const k22 = a[at] * e[at] - b[at] * b[at];
    const scale = 1 / (a[at] * k00 + b[at] * k01 + d[at] * k02);
    slopes[0][at] = (k00 * c0[at] + k01 * c1[at] + k02 * c2[at]) * scale;
    slopes[1][at] = (k01 * c0[at] + k11 * c1[at] + k12 * c2[at]) * scale;
    slopes[2][at] = (k02 * c0[at] + k12 * c1[at] + k22 * c2[at]) * scale;
  }
  return slopes;
}

function boxMean(plane, width, height, radius) {
  const rows = new Float32Array(plane.length);
  const out = new Float32Array(plane.length);
  for (let y = 0; y < height; y += 1) running(plane, rows, y * width, 1, width, radius);
  for (let x = 0; x < width; x += 1) running(rows, out, x, width, height, radius);
  return out;
}

/** Running means of one line; windows are cut at its ends. */
function running(from, to, start, step, count, radius) {
  let sum = 0;
  let first = 0;
  let last = 0;
  for (let at = 0; at < count; at += 1) {
    while (last < Math.min(count, at + radius + 1)) sum += from[start + step * last++];
    while (first < at - radius) sum -= from[start + step * first++];
    to[start + step * at] = sum / (last - first);
  }
}
