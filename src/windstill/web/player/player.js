/** Plays the motion package of a photo: the motion that a video would have, painted in the browser. */

import { dataBitmap, MotionPackage } from "./package.js";
import { Painter } from "./painter.js";
import { fitted, merged, pixels } from "./pictures.js";
import { Renderer } from "./renderer.js";

/**
 * Shows a photo's motion on a canvas. The canvas gets as many pixels as the package has; its size
 * on the page is the style sheet's.
 */
export class Player {
  /** Whether this browser can play packages. */
  static supported() {
    return Renderer.shared() !== null;
  }

  /** @param {HTMLCanvasElement} canvas one without a context of another kind than 2D */
  constructor(canvas) {
    this._renderer = Renderer.shared();
    if (!this._renderer) throw new Error("WebGL 2 is not available");
    this._canvas = canvas;
    this._target = canvas.getContext("2d", { alpha: false });
    this._choices = { strength: null, wind: null, sky: true, hair: true };
    this._elapsed = 0;
    this._loads = 0;
    this._painter = this._assets = null;
    this._onVisible = () => this._schedule();
    document.addEventListener("visibilitychange", this._onVisible);
  }

  /** Length of the loop in seconds; 0 before anything is loaded. */
  get seconds() {
    return this._assets?.motion.header.seconds ?? 0;
  }

  /** What is painted now, in loops. */
  get time() {
    return this.seconds && this._elapsed / this.seconds;
  }

  get running() {
    return Boolean(this._running);
  }

  /** What the package says moves: {sky: {motion, travel}, hair: ...}; null before it is loaded. */
  get moved() {
    return this._assets?.motion.header.moved ?? null;
  }

  /**
   * Loads a photo and its package, and shows its first frame.
   * @param {object} source {image: ImageBitmap of the photo, upright, of any size; motion: the
   *   package, an ArrayBuffer; mattes: a Blob, where they are not in the package}
   * Rejects with a TypeError for data that is no package, and an AbortError where another load or
   * `destroy` overtook it.
   */
  async load({ image, motion, mattes = null }) {
    const load = ++this._loads;
    const assets = await readAssets(await MotionPackage.read(motion), image, mattes);
    if (load !== this._loads) throw new DOMException("another photo was loaded", "AbortError");
    this._checkStrength(this._choices.strength, assets.motion.header.strengths);
    this._assets = assets;
    [this._canvas.width, this._canvas.height] = assets.motion.header.size;
    this._elapsed = 0;
    this._renderer.join(this);
    this.draw(0);
  }

  /**
   * Changes what moves, and how: {strength: one of the package's; wind: degrees, "auto" or null,
   * as was asked for when it was made; sky, hair: booleans}, all optional.
   */
  update(choices) {
    const { strength, wind } = choices;
    this._checkStrength(strength, this._assets?.motion.header.strengths);
    if (wind != null && wind !== "auto" && !Number.isFinite(Number(wind))) {
      throw new TypeError(`wind is ${wind}; allowed: degrees, or auto`);
    }
    Object.assign(this._choices, choices);
    this._ask();
    this._redrawIfStill();
  }

  /** Takes edited mattes, a canvas or ImageBitmap: red the sky, green the hair. */
  async setMattes(source) {
    if (!this._assets) return;
    const load = this._loads;
    const mattes = await fitted(source, this._assets.motion.header.size, null);
    if (load !== this._loads) return;
    this._assets.mattes = mattes;
    this._painter?.setMattes(mattes);
    this._redrawIfStill();
  }

  /** Runs the loop; while the page is hidden it rests. */
  start() {
    if (this._assets) this._renderer.wake(this);
    this._running = true;
    this._last = null;
    this._schedule();
  }

  /** Stops where it is. */
  stop() {
    this._running = false;
    this._last = null;
  }

  /** Stops, and leaves its place on the graphics card to others if need be. */
  rest() {
    this.stop();
    if (this._painter) this._renderer.rest(this);
  }

  /** Paints one moment, `time` in loops. */
  draw(time) {
    const moment = time - Math.floor(time);
    if (this._assets) this._renderer.wake(this);
    this._elapsed = moment * this.seconds;
    if (this._painter) this._renderer.paint(this._painter, moment, this._target);
  }

  /** Gives everything back. */
  destroy() {
    this.stop();
    this._loads++;
    document.removeEventListener("visibilitychange", this._onVisible);
    this._renderer.leave(this);
    this._painter?.destroy();
    this._painter = this._assets = null;
  }

  /** Puts everything into a context of the renderer; null: there is none for the moment. */
  begin(context) {
    this._painter?.destroy();
    this._painter = context && new Painter(context, this._assets);
    this._ask();
    if (context) this._redrawIfStill();
  }

  _checkStrength(strength, allowed = ["calm", "normal", "windy"]) {
    if (strength != null && !allowed.includes(strength)) {
      throw new TypeError(`strength is ${strength}; allowed: ${allowed.join(", ")}`);
    }
  }

  _ask() {
    if (!this._painter) return;
    const { header } = this._assets.motion;
    const { strength, wind, sky, hair } = this._choices;
    const named = { null: header.wind.asked, auto: header.wind.auto };
    const degrees = named[wind] ?? Number(wind);
    this._painter.ask({ sky, hair, strength: strength ?? header.strength, degrees });
  }

  _redrawIfStill() {
    if (!this._running && this._painter) this.draw(this.time);
  }

  _schedule() {
    if (!this._running || document.hidden || this._frame) return;
    this._last = null;
    const step = (now) => {
      this._frame = 0;
      if (!this._running || document.hidden) return;
      if (this._last !== null && this._painter) {
        const elapsed = this._elapsed + (now - this._last) / 1000;
        this.draw(elapsed / this.seconds);
      }
      this._last = now;
      this._frame = requestAnimationFrame(step);
    };
    this._frame = requestAnimationFrame(step);
  }
}

async function readAssets(motion, image, matteBlob) {
  const { header } = motion;
  const names = Object.keys(header.images);
  const [photo, ...found] = await Promise.all([
    fitted(image, header.size, "white"),
    ...names.map((name) => motion.picture(name)),
  ]);
  const pictures = Object.fromEntries(names.map((name, index) => [name, found[index]]));
  const mattes = matteBlob
    ? await fitted(await dataBitmap(matteBlob), header.size, null)
    : merged(header.size, pictures["matte-sky"], pictures["matte-hair"]);
  const bands = header.sky && { coarse: pixels(pictures.coarse), shape: pixels(pictures.shape) };
  return { motion, photo, mattes, pictures, bands };
}
