/** Paints any moment of a photo's loop, as windstill/render.py does: sky first, hair over it. */

import { Device } from "./device.js";
import { HairMotion } from "./hair.js";
import * as shaders from "./shaders.js";
import { SkyMotion } from "./sky.js";

/** Everything on the graphics card for one photo. */
export class Painter {
  /**
   * @param {import("./device.js").Context} context
   * @param {object} assets {motion, photo, mattes, pictures, bands}: the package, ImageBitmaps of
   *   its size, those in the package by name, and the pixels of the sky's bands
   */
  constructor(context, { motion, photo, mattes, pictures, bands }) {
    this._header = motion.header;
    const [width, height] = motion.header.size;
    const device = (this._device = new Device(context, { width, height }));
    this._photo = device.picture(photo);
    this._mattes = device.picture(mattes);
    this._pictures = Object.fromEntries(
      Object.entries(pictures).map(([name, picture]) => [name, device.picture(picture)]),
    );
    this._nothing = device.target(1, 1);
    this._base = device.target(width, height);
    this._canvases = [device.target(width, height), device.target(width, height)];
    const { sky, hair } = motion.header;
    if (sky) this._loadSky(motion, bands);
    this._reflection = this._pictures["sky-reflection"];
    this._patches = (hair?.patches ?? []).map((_, number) => this._loadPatch(motion, number));
    this._asked = { sky: true, hair: true };
    this._stale = { scene: true, wind: true };
  }

  /** Frees everything. */
  destroy() {
    this._device.destroy();
  }

  /** Takes other mattes, of the package's size. */
  setMattes(mattes) {
    this._device.free(this._mattes);
    this._mattes = this._device.picture(mattes);
    this._stale.scene = true;
  }

  /** What is to move, and in which wind: {sky, hair, strength, degrees}. */
  ask(asked) {
    const before = this._asked;
    this._asked = asked;
    this._stale.scene ||= asked.sky !== before.sky || asked.hair !== before.hair;
    this._stale.wind ||= asked.strength !== before.strength || asked.degrees !== before.degrees;
  }

  /** Paints the canvas at a time, 0 to 1 loops. */
  paint(time) {
    if (this._stale.scene) this._setScene();
    if (this._stale.wind) this._setWind();
    this._stale = { scene: false, wind: false };
    const [, height] = this._header.size;
    const steps = [(now) => this._paintSky(time, now)];
    if (this._reflection && this._asked.sky) steps.push((now) => this._paintWater(now));
    for (const patch of this._asked.hair ? this._patches : []) {
      steps.push((now) => this._paintPatch(patch, time, now));
    }
    let canvas = null;
    steps.forEach((step, index) => {
      const target = index < steps.length - 1 ? this._canvases[index % 2] : null;
      step({ canvas, target, flip: target ? 0 : height });
      canvas = target;
    });
  }

  _paintPatch(patch, time, { target, ...now }) {
    patch.motion.pose(time, patch.numbers);
    this._device.renumber(patch.pose, patch.numbers);
    this._device.paint(shaders.SWAY, target, { ...patch, ...now, cell: patch.motion.patch.cell });
  }

  /** Water that mirrors the sky. */
  _paintWater({ target, ...now }) {
    const { sky } = this._header;
    const share = this._reflection;
    this._device.paint(shaders.MIRROR, target, { base: this._base, share, middle: sky.shore, ...now });
  }

  _paintSky(time, { target, flip }) {
    const { sky } = this._header;
    if (!sky || !this._asked.sky) {
      this._device.paint(shaders.COPY, target, { base: this._base, flip });
      return;
    }
    const { motion, numbers, textures } = this._sky;
    motion.streams(time, numbers);
    for (const name of Object.keys(numbers)) this._device.renumber(textures[name], numbers[name]);
    const moment = { ...this._sky, even: textures.even, odd: textures.odd, meeting: textures.meeting };
    this._device.paint(shaders.COVERS, this._sky.covers, moment);
    this._device.paint(shaders.SHARE, this._sky.shares, moment);
    this._device.paint(shaders.SKY, target, {
      base: this._base,
      flip,
      ...moment,
      fine: this._sky.fine ?? this._nothing,
      fineUnit: this._sky.fine ? 2 ** -sky.fine_shift : 0,
      mean: motion.mean(time),
    });
  }

  _loadSky(motion, bands) {
    const { sky, double, to_rgb: toRgb } = motion.header;
    const own = new SkyMotion(motion, bands);
    const { rows, columns } = own;
    const made = ["even", "odd", "meeting"].map((name) => {
      const numbers = new Float32Array(4 * rows * columns);
      return [name, numbers, this._device.numbers(numbers, columns, rows, 4)];
    });
    this._sky = {
      motion: own,
      numbers: Object.fromEntries(made.slice(0, 2).map(([name, numbers]) => [name, numbers])),
      textures: Object.fromEntries(made.map(([name, , texture]) => [name, texture])),
      region: rectangle(sky.region),
      cell: sky.cell,
      rest: sky.at_rest ? 1 : 0,
      units: sky.shifts.map((shift) => 2 ** -shift),
      covers: this._device.target(2 * columns - 1, 2 * rows - 1),
      shares: this._device.target(2 * columns - 1, 2 * rows - 1, 1),
      floor_: sky.floor,
      gain: sky.gain,
      toRgb: [0, 1, 2].flatMap((column) => toRgb.map((row) => row[column])),
      lattice: [own.columns, own.rows, sky.rim],
      shape: this._pictures.shape,
      coarse: this._doubled(this._pictures.coarse, double.plain),
      strength:
        sky.fine_shift === null
          ? null
          : this._device.numbers(motion.grid("fine").data, own.columns, own.rows, 1),
    };
  }

  _loadPatch(motion, number) {
    const own = new HairMotion(motion, number);
    const { rows, columns } = own;
    const numbers = new Float32Array(2 * rows * columns);
    return {
      motion: own,
      region: rectangle(own.patch.region),
      grid: [columns, rows],
      numbers,
      pose: this._device.numbers(numbers, columns, rows, 2),
      own: this._pictures[`hair-${number}-own`],
    };
  }

  /** Everything that depends on the mattes and on what is to move. */
  _setScene() {
    const { sky, hair } = this._header;
    const device = this._device;
    const moves = Boolean(sky && this._asked.sky);
    const heaven = sky ? rectangle(sky.region) : [0, 0, 1, 1];
    const still = this._pictures["sky-still"] ?? this._nothing;
    const scene = { photo: this._photo, mattes: this._mattes, still, moves };
    device.paint(shaders.BASE, this._base, { ...scene, region: heaven });
    const behind = hair && {
      ...scene,
      whole: rectangle(hair.region),
      heaven,
      plate: this._pictures["hair-plate"],
      replaced: this._pictures["hair-replaced"],
      sky: this._pictures["hair-sky"],
    };
    // From the front: each patch is lifted off the scene that those before it have left.
    for (const patch of this._asked.hair ? [...this._patches].reverse() : []) {
      const [left, top, right, bottom] = patch.region;
      const scissor = [left, top, right - left, bottom - top];
      device.free(patch.hair, patch.behind);
      patch.hair = this._lifted(shaders.HAIR, patch);
      device.paint(
        shaders.BEHIND, this._base, { ...behind, own: patch.own, region: patch.region }, { scissor },
      );
      patch.behind = this._lifted(shaders.CROP, patch);
    }
    if (this._sky) this._setFine();
  }

  /** A shader's picture of a patch's region, doubled. */
  _lifted(shader, { region, own }) {
    const device = this._device;
    const [left, top, right, bottom] = region;
    const once = device.target(right - left, bottom - top);
    device.paint(shader, once, { mattes: this._mattes, base: this._base, own, region });
    const large = this._doubled(once, this._header.double.crisp);
    device.free(once);
    return large;
  }

  _setFine() {
    const { strength } = this._sky;
    if (!strength) return;
    const device = this._device;
    const { sky, to_yuv: toYuv, double } = this._header;
    const region = rectangle(sky.region);
    const [width, height] = [region[2] - region[0], region[3] - region[1]];
    const halved = device.target(width / 2, height / 2, 1);
    const once = device.target(width, height, 1);
    const picture = { picture: this._base, region, luma: toYuv[0] };
    device.paint(shaders.HALVE, halved, { ...picture, kernel: sky.halving });
    device.paint(shaders.FINE, once, {
      ...picture,
      halved,
      still: this._pictures["sky-still"],
      strength,
      unit: 2 ** -sky.fine_shift,
      lattice: this._sky.lattice,
      cell: sky.cell,
    });
    device.free(this._sky.fine);
    this._sky.fine = this._doubled(once, double.plain, 1);
    device.free(halved, once);
  }

  /** Everything that depends on the wind. */
  _setWind() {
    const { strength, degrees } = this._asked;
    for (const patch of this._patches) patch.motion.blow(strength, degrees);
    if (this._sky) this._setSkyWind(strength, degrees);
  }

  _setSkyWind(strength, degrees) {
    const device = this._device;
    const { motion, textures } = this._sky;
    motion.blow(strength, degrees);
    device.renumber(textures.meeting, motion.meeting);
    const { dilations } = motion;
    const { eagerness, contrast } = this._header.sky.change;
    device.free(this._sky.fewer, this._sky.more);
    this._sky.fewer = device.picture(dilations.packed(0));
    this._sky.more = device.picture(dilations.packed(4));
    this._sky.change = [dilations.reach, eagerness, contrast, 0];
    this._sky.tones = [dilations.faint, dilations.hard];
  }

  _doubled(picture, kernel, channels = 4) {
    const device = this._device;
    const tall = device.target(picture.width, 2 * picture.height, channels);
    const large = device.target(2 * picture.width, 2 * picture.height, channels);
    device.paint(shaders.DOUBLE, tall, { picture, kernel, axis: [0, 1] });
    device.paint(shaders.DOUBLE, large, { picture: tall, kernel, axis: [1, 0] });
    device.free(tall);
    return large;
  }
}

/** Left, top, right, bottom of a region that is given as top, left, bottom, right. */
function rectangle([top, left, bottom, right]) {
  return [left, top, right, bottom];
}
