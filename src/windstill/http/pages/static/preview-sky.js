/**
 * How a sky drifts in a given wind: the renderer's own way from wind to motion
 * (windstill/elements/sky/drift.py, meeting.py, streams.py), on its own lattice of cells.
 * The numbers are described in windstill/preview/sky.py.
 */

import { blurred, Plane, percentile } from "./preview-plane.js";

const MOMENTS = 16;
// Where copies meet they are compared at every other sample of the half-size plane.
const THIN = 1;

/** The motion of a sky. */
export class SkyMotion {
  /**
   * @param {import("./preview-package.js").MotionPackage} motion
   * @param {{coarse: ImageData, shape: ImageData}} bands of the package
   */
  constructor(motion, { coarse, shape }) {
    this.sky = motion.header.sky;
    this._motion = motion;
    const offsets = motion.grid("offsets");
    [this.rows, this.columns] = offsets.shape;
    this._offsets = offsets.data;
    this._cover = motion.grid("cover").data;
    this._shown = motion.grid("shown").data;
    this.half = { width: coarse.width, height: coarse.height };
    this._detail = levels(coarse, this.sky.shifts[0]);
    this._shape = levels(shape, this.sky.shifts[3]);
  }

  /**
   * Sets the wind. What it makes of the sky, cells in rows, is {periods, path: c1 and c2 (x, y,
   * x, y); turns: c3 (x, y), offset, fade; moments: of the early and the late copy, their product,
   * 0; wander: for each copy (x, y); means: levels}.
   */
  blow(strength, degrees) {
    const wind = this.sky.winds[strength];
    const cubic = this._paths(strength, wind, degrees);
    const wander = this._wander(strength, cubic, wind.periods);
    const { moments, difference } = this._meeting(cubic, wander);
    const turns = this._turns(strength, cubic, difference);
    this._now = { periods: wind.periods, path: cubic.path, turns, moments, wander };
    this._now.means = this._means();
  }

  /** By how many levels the mean of the sky has drifted at a time (loops). */
  mean(time) {
    return between(this._now.means, time * MOMENTS);
  }

  /**
   * What both streams show at a time (loops), into Float32Arrays of the cells: `even` and `odd`
   * (displacement x and y; weights of shape and of detail), `fine` (weights of fine detail).
   */
  streams(time, { even, odd, fine }) {
    const { periods, turns, moments } = this._now;
    const crispness = between(this.sky.crispness, time * this.sky.crispness.length - 0.5);
    const [a, b] = [{}, {}];
    for (let cell = 0, p = 0; p < turns.length; cell++, p += 4) {
      stream(time * periods, 0, turns[p + 2], turns[p + 3], periods, a);
      stream(time * periods, 1, turns[p + 2], turns[p + 3], periods, b);
      const early = a.age > b.age ? a.weight : b.weight;
      const late = 1 - early;
      const kept = early * moments[p] + late * moments[p + 1] + this.sky.floor;
      const blended =
        early * early * moments[p] +
        late * late * moments[p + 1] +
        2 * early * late * moments[p + 2] +
        this.sky.floor;
      const gain = Math.min(Math.max(Math.sqrt(kept / Math.max(blended, 1e-3 * kept)), 1), this.sky.gain);
      const fineGain = 1 / Math.sqrt(early * early + late * late);
      this._show(a, cell, crispness, gain, even);
      this._show(b, cell, crispness, gain, odd);
      fine[2 * cell] = a.sharper * fineGain;
      fine[2 * cell + 1] = b.sharper * fineGain;
    }
  }

  _show(shown, cell, crispness, gain, out) {
    // Only the first copy, at age 0, is the photo itself; all else was read between samples.
    const moved = shown.copy === 0 ? Math.min(Math.abs(shown.age) * 20, 1) : 1;
    shown.sharper = shown.weight * (1 + crispness * moved);
    this._displace(shown, cell);
    out[4 * cell] = shown.x;
    out[4 * cell + 1] = shown.y;
    out[4 * cell + 2] = shown.weight;
    out[4 * cell + 3] = shown.sharper * gain;
  }

  /** How far what is shown has come, drift and wander. */
  _displace(shown, cell) {
    const { path, turns, wander } = this._now;
    const { age } = shown;
    const p = 4 * cell;
    const w = 2 * (shown.copy * this.rows * this.columns + cell);
    shown.x = age * (path[p] + age * (path[p + 2] + age * turns[p])) + wander[w];
    shown.y = age * (path[p + 1] + age * (path[p + 3] + age * turns[p + 1])) + wander[w + 1];
  }

  /** Velocity in cells a period on the widened lattice, x and y. */
  _velocity(strength, { margin, step }, degrees) {
    const [rows, columns] = [this.rows + 2 * margin, this.columns + 2 * margin];
    const { shape, data } = this._motion.grid("velocity");
    const [, down, across] = shape;
    const basis = [0, 1, 2, 3].map(
      (k) => new Plane(data.subarray(k * down * across, (k + 1) * down * across), across, down),
    );
    const eddies = this._motion.grid(`eddies-${strength}`).data;
    const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    const [x, y] = [new Float32Array(rows * columns), new Float32Array(rows * columns)];
    const inSky = [];
    const { stride, margin: widest } = this.sky.velocity;
    for (let row = 0, cell = 0; row < rows; row++) {
      const v = (row + widest - margin) / stride;
      for (let column = 0; column < columns; column++, cell++) {
        const [x0, y0, x90, y90] = basis.map((b) => b.at((column + widest - margin) / stride, v));
        x[cell] = cos * x0 + sin * x90;
        y[cell] = cos * y0 + sin * y90;
        const [r, c] = [row - margin, column - margin];
        const inside = r >= 0 && c >= 0 && r < this.rows && c < this.columns;
        if (inside && this._cover[r * this.columns + c] > 0.5) inSky.push(Math.hypot(x[cell], y[cell]));
      }
    }
    const fast = inSky.length ? percentile(inSky, 0.9) : percentile(x.map((v, i) => Math.hypot(v, y[i])), 0.9);
    const scale = step / Math.max(fast, 1e-6) / this.sky.cell;
    for (let cell = 0; cell < x.length; cell++) {
      const stir = this.sky.eddy * Math.hypot(x[cell], y[cell]);
      x[cell] = (x[cell] + stir * eddies[cell]) * scale;
      y[cell] = (y[cell] + stir * eddies[x.length + cell]) * scale;
    }
    return { x: new Plane(x, columns, rows), y: new Plane(y, columns, rows) };
  }

  /** Cubics of age that tell how far each cell's cloud has come: {path, third}. */
  _paths(strength, wind, degrees) {
    const velocity = this._velocity(strength, wind, degrees);
    const { steps, span, fit } = this.sky.path;
    const cells = this.rows * this.columns;
    const [path, third] = [new Float32Array(4 * cells), new Float32Array(2 * cells)];
    const stride = span / steps;
    const place = { x: 0, y: 0 };
    for (let cell = 0; cell < cells; cell++) {
      const column = (cell % this.columns) + wind.margin;
      const row = Math.floor(cell / this.columns) + wind.margin;
      for (let k = 0; k < 2 * steps; k++) {
        if (k % steps === 0) [place.x, place.y] = [column, row];
        advance(velocity, place, k < steps ? -stride : stride);
        const dx = (column - place.x) * this.sky.cell;
        const dy = (row - place.y) * this.sky.cell;
        path[4 * cell] += fit[0][k] * dx;
        path[4 * cell + 1] += fit[0][k] * dy;
        path[4 * cell + 2] += fit[1][k] * dx;
        path[4 * cell + 3] += fit[1][k] * dy;
        third[2 * cell] += fit[2][k] * dx;
        third[2 * cell + 1] += fit[2][k] * dy;
      }
    }
    return { path, third };
  }

  /**
   * Compares the copies that meet at each cell, at the middle of their fade; the one that comes is
   * the last copy.
   */
  _meeting(cubic, wander) {
    const early = this._displaced(cubic, 0.5);
    const late = this._displaced(cubic, -0.5);
    const cells = this.rows * this.columns;
    const last = wander.length - 2 * cells;
    for (let cell = 0; cell < cells; cell++) {
      late.x.data[cell] += wander[last + 2 * cell];
      late.y.data[cell] += wander[last + 2 * cell + 1];
    }
    const sums = [0, 1, 2, 3].map(() => new Float32Array(cells));
    const counts = new Float32Array(cells);
    const { rim, cell: side } = this.sky;
    const [a, b] = [{}, {}];
    for (let y = 0; y < this.half.height; y += THIN) {
      const v = (2 * y + 1) / side + rim - 0.5;
      for (let x = 0; x < this.half.width; x += THIN) {
        const u = (2 * x + 1) / side + rim - 0.5;
        this._luma(x - early.x.at(u, v) / 2, y - early.y.at(u, v) / 2, a);
        this._luma(x - late.x.at(u, v) / 2, y - late.y.at(u, v) / 2, b);
        const cell = Math.round(v) * this.columns + Math.round(u);
        const apart = a.detail + a.shape - b.detail - b.shape;
        sums[0][cell] += a.detail * a.detail;
        sums[1][cell] += b.detail * b.detail;
        sums[2][cell] += a.detail * b.detail;
        sums[3][cell] += apart * apart;
        counts[cell]++;
      }
    }
    const local = sums.map((sum) => this._localMean(sum, counts));
    const moments = new Float32Array(4 * cells);
    for (let cell = 0; cell < cells; cell++) {
      for (let k = 0; k < 3; k++) moments[4 * cell + k] = local[k][cell];
    }
    return { moments, difference: local[3].map(Math.sqrt) };
  }

  /** Displacement at the cells' own offset and half a period before or after. */
  _displaced({ path, third }, half) {
    const cells = this.rows * this.columns;
    const [x, y] = [new Float32Array(cells), new Float32Array(cells)];
    for (let cell = 0; cell < cells; cell++) {
      const age = this._offsets[cell] + half;
      const p = 4 * cell;
      x[cell] = age * (path[p] + age * (path[p + 2] + age * third[2 * cell]));
      y[cell] = age * (path[p + 1] + age * (path[p + 3] + age * third[2 * cell + 1]));
    }
    return { x: new Plane(x, this.columns, this.rows), y: new Plane(y, this.columns, this.rows) };
  }

  /** The coarse luma, in levels, at a position of the half-size plane. */
  _luma(x, y, out) {
    // Not between samples, where detail is weaker.
    out.detail = this._detail.mirrored(Math.round(x), Math.round(y));
    out.shape = this._shape.mirrored(x, y);
  }

  _localMean(sum, counts) {
    const { rows, columns } = this;
    const { rim } = this.sky;
    const mean = sum.map((total, cell) => (counts[cell] ? total / counts[cell] : 0));
    const inner = (index, size) => Math.min(Math.max(index, rim), size - 1 - rim);
    const whole = mean.map(
      (_, cell) => mean[inner(Math.floor(cell / columns), rows) * columns + inner(cell % columns, columns)],
    );
    return blurred(whole, columns, rows, this.sky.window);
  }

  /** The cubics' third coefficients, and when each cell changes copies. */
  _turns(strength, { third }, difference) {
    const wisps = this._motion.grid(`wisps-${strength}`).data;
    const { alike, fade: fades, wisps: share } = this.sky;
    const cells = this.rows * this.columns;
    const turns = new Float32Array(4 * cells);
    for (let cell = 0; cell < cells; cell++) {
      const unlike = Math.min(Math.max((difference[cell] - alike[0]) / (alike[1] - alike[0]), 0), 1);
      const fade = fades[0] + (fades[1] - fades[0]) * unlike;
      const limit = (1 - fade) / 2;
      const varied = this._offsets[cell] + share * unlike * wisps[cell];
      turns[4 * cell] = third[2 * cell];
      turns[4 * cell + 1] = third[2 * cell + 1];
      turns[4 * cell + 2] = Math.min(Math.max(varied, -limit), limit);
      turns[4 * cell + 3] = fade;
    }
    return turns;
  }

  /** How far each copy wanders beside its drift, and comes from aside, copies after copies. */
  _wander(strength, { path }, periods) {
    const cells = this.rows * this.columns;
    const wander = new Float32Array(2 * cells * periods);
    if (periods < 2) return wander;
    const { data, shape } = this._motion.grid(`wander-${strength}`);
    const [copies, , rows, columns] = shape;
    const { share, stride } = this.sky.wander;
    const { aside } = this.sky;
    const [downX, downY] = this._down(path);
    for (let layer = 0; layer < 2 * copies; layer++) {
      const plane = new Plane(data.subarray(layer * rows * columns, (layer + 1) * rows * columns), columns, rows);
      const first = 2 * cells * (1 + Math.floor(layer / 2)) + (layer % 2);
      for (let cell = 0; cell < cells; cell++) {
        const speed = Math.hypot(path[4 * cell], path[4 * cell + 1]);
        const row = Math.floor(cell / this.columns);
        wander[first + 2 * cell] =
          share * (1 - aside) * speed * plane.at((cell % this.columns) / stride, row / stride);
      }
    }
    for (let copy = 1; copy < periods; copy += 2) {
      for (let cell = 0; cell < cells; cell++) {
        const at = 2 * (copy * cells + cell);
        const far = aside * Math.hypot(path[4 * cell], path[4 * cell + 1]);
        wander[at] += far * downX;
        wander[at + 1] += far * downY;
      }
    }
    return wander;
  }

  /** Unit vector across the clouds' way, rather towards the horizon than away from it. */
  _down(path) {
    const [upX, upY] = this.sky.up;
    let [x, y] = [0, 0];
    for (let p = 0; p < path.length; p += 4) {
      x += path[p];
      y += path[p + 1];
    }
    const length = Math.max(Math.hypot(x, y), 1e-6) * (x * upY - y * upX <= 0 ? 1 : -1);
    return [-y / length, x / length];
  }

  /** By how many levels the mean of the sky drifts, at the beginnings of equal parts of the loop. */
  _means() {
    const { periods, turns } = this._now;
    const cells = this.rows * this.columns;
    const { rim, cell: side } = this.sky;
    const means = new Float32Array(MOMENTS);
    const [luma, shown] = [{}, {}];
    for (let moment = 0; moment < MOMENTS; moment++) {
      let [total, area] = [0, 0];
      for (let cell = moment % 2; cell < cells; cell += 2) {
        const painted = this._shown[cell];
        if (!painted) continue;
        const x = (((cell % this.columns) - rim + 0.5) * side) / 2 - 0.5;
        const y = ((Math.floor(cell / this.columns) - rim + 0.5) * side) / 2 - 0.5;
        let now = 0;
        for (const parity of [0, 1]) {
          stream((moment / MOMENTS) * periods, parity, turns[4 * cell + 2], turns[4 * cell + 3], periods, shown);
          if (!shown.weight) continue;
          this._displace(shown, cell);
          this._luma(x - shown.x / 2, y - shown.y / 2, luma);
          now += shown.weight * luma.shape;
        }
        this._luma(x, y, luma);
        total += painted * (now - (this.sky.at_rest ? luma.shape : 0));
        area += painted;
      }
      means[moment] = area ? total / area : 0;
    }
    return means;
  }
}

/** The first channel of a band as a plane of levels. */
function levels({ data, width, height }, shift) {
  const values = new Float32Array(width * height);
  for (let i = 0; i < values.length; i++) values[i] = (data[4 * i] - 128) * 2 ** -shift;
  return new Plane(values, width, height);
}

/** One stream of copies at a cell, `now` in periods: its age, weight and copy. */
function stream(now, parity, offset, fade, periods, out) {
  const folded = (now - parity + 1) % 2;
  let turn = (folded < 0 ? folded + 2 : folded) - 1 - offset;
  if (turn < -1) turn += 2;
  if (turn >= 1) turn -= 2;
  const ramp = Math.min(Math.max((0.5 - Math.abs(turn)) / fade + 0.5, 0), 1);
  out.age = turn + offset;
  out.weight = ramp * ramp * (3 - 2 * ramp);
  out.copy = ((Math.round(now - out.age) % periods) + periods) % periods;
}

/** The value of a periodic sequence at a fractional index. */
function between(values, at) {
  const count = values.length;
  const low = Math.floor(at);
  const value = (index) => values[((index % count) + count) % count];
  return value(low) + (at - low) * (value(low + 1) - value(low));
}

/** One Runge-Kutta step of `place` through a velocity. */
function advance({ x, y }, place, step) {
  const { x: px, y: py } = place;
  const x1 = x.at(px, py);
  const y1 = y.at(px, py);
  const x2 = x.at(px + (step / 2) * x1, py + (step / 2) * y1);
  const y2 = y.at(px + (step / 2) * x1, py + (step / 2) * y1);
  const x3 = x.at(px + (step / 2) * x2, py + (step / 2) * y2);
  const y3 = y.at(px + (step / 2) * x2, py + (step / 2) * y2);
  const x4 = x.at(px + step * x3, py + step * y3);
  const y4 = y.at(px + step * x3, py + step * y3);
  place.x = px + (step / 6) * (x1 + 2 * (x2 + x3) + x4);
  place.y = py + (step / 6) * (y1 + 2 * (y2 + y3) + y4);
}
