/** How hair moves; the numbers are described in windstill/web/hair.py. */

/** The motion of one patch of hair in a given wind. */
export class HairMotion {
  /**
   * @param {import("./package.js").MotionPackage} motion
   * @param {number} number of the patch
   */
  constructor(motion, number) {
    const { header } = motion;
    this.patch = header.hair.patches[number];
    this._side = header.hair.side;
    this._seconds = header.seconds;
    this._strengths = header.strengths;
    this._waves = motion.grid(`hair-${number}-waves`);
    this._reach = motion.grid(`hair-${number}-reach`).data;
    this._lag = motion.grid(`hair-${number}-lag`).data;
    [, this.rows, this.columns] = this._waves.shape;
  }

  /** Sets the wind: its strength, and where it blows to, in degrees. */
  blow(strength, degrees) {
    const cells = this.rows * this.columns;
    const tones = this.patch.cycles.length;
    const side = Math.cos((degrees * Math.PI) / 180) >= 0 ? 1 : -1;
    const turned = side !== this._side;
    const which = this._strengths.indexOf(strength);
    const waves = (this._now = new Float32Array(this._waves.data));
    for (let tone = 0; turned && tone < tones; tone++) {
      const rate = (4 * Math.PI * this.patch.cycles[tone] * this._side) / this._seconds;
      for (const first of [tone, 2 * tones + tone]) {
        this._turn(waves, first * cells, (first + tones) * cells, rate);
      }
    }
    const reach = this._reach.subarray(which * cells, (which + 1) * cells);
    for (let wave = 0; wave < 4 * tones; wave++) {
      for (let cell = 0; cell < cells; cell++) waves[wave * cells + cell] *= reach[cell];
    }
    this._sign = turned ? -1 : 1;
    this._start = this.patch.starts[turned ? 1 : 0];
  }

  /** Displacements (x, y) in pixels at a moment (loops), into Float32Array(2 * cells). */
  pose(moment, out) {
    const cells = this.rows * this.columns;
    const weights = this._weights(moment);
    out.fill(0);
    for (const axis of [0, 1]) {
      weights.forEach((weight, wave) => {
        const from = (axis * weights.length + wave) * cells;
        for (let cell = 0; cell < cells; cell++) {
          out[2 * cell + axis] += this._sign * weight * this._now[from + cell];
        }
      });
    }
  }

  /** What each wave counts at a moment; 0 at moment 0, where the hair lies as in the photo. */
  _weights(moment) {
    const turns = (wave, at) => this.patch.cycles.map((cycles) => wave(2 * Math.PI * cycles * at));
    const at = (time) => [...turns(Math.cos, time), ...turns(Math.sin, time)];
    const rest = at(this._start);
    return at(this._start + moment).map((weight, wave) => weight - rest[wave]);
  }

  /** Turns the phase of one tone at every cell by `rate` times the cell's lag. */
  _turn(waves, cosine, sine, rate) {
    this._lag.forEach((lag, cell) => {
      const c = Math.cos(rate * lag);
      const s = Math.sin(rate * lag);
      const [a, b] = [waves[cosine + cell], waves[sine + cell]];
      waves[cosine + cell] = a * c + b * s;
      waves[sine + cell] = b * c - a * s;
    });
  }
}
