/**
 * How a sky drifts in a given wind: the renderer's own way from wind to motion
 * (windstill/elements/sky/drift.py, crossfade.py, crossfade_statistics.py), on its own lattice of
 * cells.
 * The numbers are described in windstill/web/sky.py.
 */

import { Dilations } from "./dilations.js";
import { blurred, Plane, percentile } from "./plane.js";

const MOMENTS = 16;
// Where copies meet they are compared at every other sample of the half-size plane.
const THIN = 1;

/** The motion of a sky. */
export class SkyMotion {
  /**
   * @param {import("./package.js").MotionPackage} motion
   * @param {{coarse: ImageData, shape: ImageData}} bands of the package
   */
  constructor(motion, { coarse, shape }) {
    this.sky = motion.header.sky;
    this._motion = motion;
    const offsets = motion.grid("offsets");
    [this.rows, this.columns] = offsets.shape;
    this._offsets = offsets.data;
    this._roughness = motion.grid("roughness").data;
    this._cover = motion.grid("cover").data;
    this._shown = motion.grid("shown").data;
    this.half = { width: coarse.width, height: coarse.height };
    this._detail = levels(coarse, this.sky.shifts[0]);
    this._shape = levels(shape, this.sky.shifts[3]);
  }

  /**
   * Sets the wind. What it makes of the sky, cells in rows, is {periods, path: c1 and c2 (x, y,
   * x, y); turns: c3 (x, y), offset, fade; meeting: of the early and the late copy, their product,
   * roughness; dilations; means: levels}.
   */
  blow(strength, degrees) {
    const wind = this.sky.winds[strength];
    let cubic = this._paths(strength, wind, degrees);
    let statistics = this._statistics(cubic);
    const hardness = this._hardness(statistics.difference);
    if (hardness > 0) {
      cubic = slowed(cubic, 1 - (1 - this.sky.hard_speed[0]) * hardness);
      statistics = this._statistics(cubic);
    }
    const turns = this._turns(cubic);
    const sign = this.sky.change.dark ? -1 : 1;
    const luma = this._shape.data.map((value, i) => sign * (value + this._detail.data[i]));
    const reach = this.sky.change.reach * 2 * this._travel(cubic, 0.5);
    const dilations = new Dilations(new Plane(luma, this.half.width, this.half.height), reach, this.sky.change);
    const { periods } = wind;
    this._now = { periods, path: cubic.path, turns, meeting: statistics.moments, dilations };
    this._now.means = this._means();
  }

  /** Of the early and the late copy, and their product, second moments, and roughness; cells. */
  get meeting() {
    return this._now.meeting;
  }

  /** The dilations of the clouds' shape. */
  get dilations() {
    return this._now.dilations;
  }

  /** By how many levels the mean of the sky has drifted at a time (loops). */
  mean(time) {
    return between(this._now.means, time * MOMENTS);
  }

  /**
   * What both streams show at a time (loops), into Float32Arrays of the cells: `even` (displacement
   * x and y; its ramp; what detail is raised to) and `odd` (likewise, but whether the even stream
   * is the older one in place of the ramp).
   */
  streams(time, { even, odd }) {
    const { periods, turns } = this._now;
    const crispness = between(this.sky.crispness, time * this.sky.crispness.length - 0.5);
    const [a, b] = [{}, {}];
    for (let cell = 0, p = 0; p < turns.length; cell++, p += 4) {
      stream(time * periods, 0, turns[p + 2], turns[p + 3], periods, a);
      stream(time * periods, 1, turns[p + 2], turns[p + 3], periods, b);
      this._show(a, cell, crispness, even);
      this._show(b, cell, crispness, odd);
      even[p + 2] = a.ramp;
      odd[p + 2] = a.age > b.age ? 1 : 0;
    }
  }

  _show(shown, cell, crispness, out) {
    // Only the first copy, at age 0, is the photo itself; all else was read between samples.
    const moved = shown.copy === 0 ? Math.min(Math.abs(shown.age) * 20, 1) : 1;
    this._displace(shown, cell);
    out[4 * cell] = shown.x;
    out[4 * cell + 1] = shown.y;
    out[4 * cell + 3] = 1 + crispness * moved;
  }

  /** How far what is shown has drifted. */
  _displace(shown, cell) {
    const { path, turns } = this._now;
    const { age } = shown;
    const p = 4 * cell;
    shown.x = age * (path[p] + age * (path[p + 2] + age * turns[p]));
    shown.y = age * (path[p + 1] + age * (path[p + 3] + age * turns[p + 1]));
  }

  /** The largest displacement at an age either way, pixels. */
  _travel({ path, third }, age) {
    let largest = 0;
    for (let p = 0; p < path.length; p += 4) {
      for (const a of [age, -age]) {
        const x = a * (path[p] + a * (path[p + 2] + a * third[p / 2]));
        const y = a * (path[p + 1] + a * (path[p + 3] + a * third[p / 2 + 1]));
        largest = Math.max(largest, Math.hypot(x, y));
      }
    }
    return largest;
  }

  /** How hard-edged the sky is, 0 to 1. */
  _hardness(difference) {
    const found = [...difference].filter((_, cell) => this._cover[cell] > 0.5);
    if (!found.length) return 0;
    const [alike, unlike] = this.sky.alike;
    const most = percentile(found, this.sky.hard_speed[1]);
    return Math.min(Math.max((most - alike) / (unlike - alike), 0), 1);
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
      const { rim, cell: side } = this.sky;
      const column = (cell % columns) - margin - rim;
      const row = Math.floor(cell / columns) - margin - rim;
      const across = (x[cell] + stir * eddies[cell]) * scale;
      const down = (y[cell] + stir * eddies[x.length + cell]) * scale;
      x[cell] = heldInside(across, column, 2 * this.half.width, side, this.sky.edge);
      y[cell] = heldInside(down, row, 2 * this.half.height, side, this.sky.edge);
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

  /** Compares the copies that meet at each cell, at the middle of their change. */
  _statistics(cubic) {
    const early = this._displaced(cubic, 0.5);
    const late = this._displaced(cubic, -0.5);
    const cells = this.rows * this.columns;
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
      moments[4 * cell + 3] = this._roughness[cell];
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
  _turns({ third }) {
    const cells = this.rows * this.columns;
    const turns = new Float32Array(4 * cells);
    for (let cell = 0; cell < cells; cell++) {
      turns[4 * cell] = third[2 * cell];
      turns[4 * cell + 1] = third[2 * cell + 1];
      turns[4 * cell + 2] = this._offsets[cell];
      turns[4 * cell + 3] = this.sky.fade;
    }
    return turns;
  }

  /** By how many levels the mean of the sky drifts, at the beginnings of equal parts of the loop. */
  _means() {
    const { periods, turns, dilations } = this._now;
    const cells = this.rows * this.columns;
    const { rim, cell: side } = this.sky;
    const means = new Float32Array(MOMENTS);
    const [luma, a, b] = [{}, {}, {}];
    for (let moment = 0; moment < MOMENTS; moment++) {
      let [total, area] = [0, 0];
      const time = (moment / MOMENTS) * periods;
      for (let cell = moment % 2; cell < cells; cell += 2) {
        const painted = this._shown[cell];
        if (!painted) continue;
        const x = (((cell % this.columns) - rim + 0.5) * side) / 2 - 0.5;
        const y = ((Math.floor(cell / this.columns) - rim + 0.5) * side) / 2 - 0.5;
        const p = 4 * cell;
        stream(time, 0, turns[p + 2], turns[p + 3], periods, a);
        stream(time, 1, turns[p + 2], turns[p + 3], periods, b);
        this._displace(a, cell);
        this._displace(b, cell);
        const [older, younger] = a.age > b.age ? [a, b] : [b, a];
        const [from, to] = [older, younger].map((each) => ({ x: 2 * x - each.x, y: 2 * y - each.y }));
        const late = dilations.share(from, to, younger.ramp, this._roughness[cell]);
        let now = 0;
        for (const [each, weight] of [[older, 1 - late], [younger, late]]) {
          if (!weight) continue;
          this._luma(x - each.x / 2, y - each.y / 2, luma);
          now += weight * luma.shape;
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

/** One stream of copies at a cell, `now` in periods: its age, how far it has come, and copy. */
function stream(now, parity, offset, fade, periods, out) {
  const folded = (now - parity + 1) % 2;
  let turn = (folded < 0 ? folded + 2 : folded) - 1 - offset;
  if (turn < -1) turn += 2;
  if (turn >= 1) turn -= 2;
  out.ramp = Math.min(Math.max((0.5 - Math.abs(turn)) / fade + 0.5, 0), 1);
  out.age = turn + offset;
  out.copy = ((Math.round(now - out.age) % periods) + periods) % periods;
}

/** The same paths, travelled at `share` of the speed. */
function slowed({ path, third }, share) {
  return {
    path: path.map((value, i) => value * (i % 4 < 2 ? share : share ** 2)),
    third: third.map((value) => value * share ** 3),
  };
}

/** A speed, cells a period, across two edges `size` pixels apart that no path crosses. */
function heldInside(speed, cell, size, side, edge) {
  const position = (cell + 0.5) * side - 0.5;
  const distance = Math.min(position, size - 1 - position);
  const way = Math.max(edge * Math.abs(speed) * side, 1);
  return speed * Math.min(Math.max(distance / way, 0), 1);
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
