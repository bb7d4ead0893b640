/** The live preview: the motion that a video would have, painted in the browser. */

import { dataBitmap, MotionPackage } from "./package.js";
import { Painter } from "./painter.js";

const STRENGTHS = ["calm", "normal", "windy"];

/**
 * Shows a photo's motion on a canvas. The canvas gets as many pixels as the preview has; its size
 * on the page is the style sheet's.
 */
export class Preview {
  /** Whether this browser can show previews. */
  static supported() {
    try {
      const gl = document.createElement("canvas").getContext("webgl2");
      gl?.getExtension("WEBGL_lose_context")?.loseContext();
      return gl !== null;
    } catch {
      return false;
    }
  }

  /** @param {HTMLCanvasElement} canvas one without a context of another kind */
  constructor(canvas) {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false });
    if (!gl) throw new Error("WebGL 2 is not available");
    this._canvas = canvas;
    this._gl = gl;
    this._choices = { strength: null, wind: "auto", sky: true, hair: true };
    this._elapsed = 0;
    this._loads = 0;
    this._listeners = new AbortController();
    const { signal } = this._listeners;
    const on = (target, name, act) => target.addEventListener(name, act, { signal });
    on(canvas, "webglcontextlost", (event) => this._lost(event));
    on(canvas, "webglcontextrestored", () => this._restored());
    on(document, "visibilitychange", () => this._schedule());
  }

  /** Length of the loop in seconds; 0 before anything is loaded. */
  get seconds() {
    return this._assets?.motion.header.seconds ?? 0;
  }

  /** What the package says moves: {sky: {motion, travel}, hair: ...}; null before it is loaded. */
  get moved() {
    return this._assets?.motion.header.moved ?? null;
  }

  /**
   * Loads a photo and its preview, and shows its first frame.
   * @param {object} source {image: ImageBitmap of the photo, upright, of any size; mattes, motion:
   *   their addresses; headers: of requests to the page's own origin, such as Authorization}
   * Rejects with the network's errors, a TypeError for data that is no preview, and an AbortError
   * where another load or `destroy` overtook it.
   */
  async load({ image, mattes, motion, headers = {} }) {
    const load = ++this._loads;
    const [matteBlob, bytes] = await Promise.all([
      fetched(mattes, headers).then((response) => response.blob()),
      fetched(motion, headers).then((response) => response.arrayBuffer()),
    ]);
    const assets = await readAssets(new MotionPackage(bytes), image, matteBlob);
    if (load !== this._loads || this._gl === null) {
      throw new DOMException("another photo was loaded", "AbortError");
    }
    this._assets = assets;
    [this._canvas.width, this._canvas.height] = assets.motion.header.size;
    this._elapsed = 0;
    this._begin();
    this.draw(0);
  }

  /** Changes what moves, and how: {strength, wind: degrees or "auto", sky, hair}, all optional. */
  update(choices) {
    const { strength, wind } = choices;
    if (strength !== undefined && !STRENGTHS.includes(strength)) {
      throw new TypeError(`strength is ${strength}; allowed: ${STRENGTHS.join(", ")}`);
    }
    if (wind !== undefined && wind !== "auto" && !Number.isFinite(Number(wind))) {
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
    if (load !== this._loads || this._gl === null) return;
    this._assets.mattes = mattes;
    this._painter?.setMattes(mattes);
    this._redrawIfStill();
  }

  /** Runs the loop; while the page is hidden it rests. */
  start() {
    this._running = true;
    this._last = null;
    this._schedule();
  }

  /** Stops where it is. */
  stop() {
    this._running = false;
    this._last = null;
  }

  /** Paints one moment, `time` in loops. */
  draw(time) {
    this._elapsed = (time - Math.floor(time)) * this.seconds;
    if (this._painter && !this._gl.isContextLost()) this._painter.paint(time - Math.floor(time));
  }

  /** Gives everything back. */
  destroy() {
    if (this._gl === null) return;
    this.stop();
    this._loads++;
    this._listeners.abort();
    this._painter?.destroy();
    this._gl = this._painter = this._assets = null;
  }

  _begin() {
    this._painter?.destroy();
    this._painter = new Painter(this._gl, this._assets);
    this._ask();
  }

  _ask() {
    if (!this._painter) return;
    const { header } = this._assets.motion;
    const { strength, wind, sky, hair } = this._choices;
    this._painter.ask({
      sky,
      hair,
      strength: strength ?? header.strength,
      degrees: wind === "auto" ? header.wind.auto : Number(wind),
    });
  }

  _redrawIfStill() {
    if (!this._running && this._painter) this.draw(this._elapsed / this.seconds);
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

  _lost(event) {
    event.preventDefault();
    this._painter = null;
  }

  _restored() {
    if (!this._assets) return;
    this._begin();
    this._redrawIfStill();
  }
}

async function fetched(address, headers) {
  // A signed link to another host needs no key, and must not get it.
  const own = new URL(address, document.baseURI).origin === location.origin;
  const response = await fetch(address, own ? { headers } : {});
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response;
}

async function readAssets(motion, image, matteBlob) {
  const { header } = motion;
  const names = Object.keys(header.images);
  const [photo, mattes, ...pictures] = await Promise.all([
    fitted(image, header.size, "white"),
    dataBitmap(matteBlob).then((bitmap) => fitted(bitmap, header.size, null)),
    ...names.map((name) => motion.picture(name)),
  ]);
  const byName = Object.fromEntries(names.map((name, index) => [name, pictures[index]]));
  const bands = header.sky && { coarse: pixels(byName.coarse), shape: pixels(byName.shape) };
  return { motion, photo, mattes, pictures: byName, bands };
}

/** A picture at another size; the same where nothing changes. ground: shows through it. */
async function fitted(source, [width, height], ground) {
  const same = source.width === width && source.height === height;
  if (same && ground === null && source instanceof ImageBitmap) return source;
  const canvas = blank(width, height);
  const context = canvas.getContext("2d");
  if (ground !== null) {
    context.fillStyle = ground;
    context.fillRect(0, 0, width, height);
  }
  // Halved step by step, so that every pixel counts.
  let from = source;
  while (from.width >= 2 * width && from.height >= 2 * height) {
    const half = blank(Math.ceil(from.width / 2), Math.ceil(from.height / 2));
    half.getContext("2d").drawImage(from, 0, 0, half.width, half.height);
    from = half;
  }
  context.imageSmoothingQuality = "high";
  context.drawImage(from, 0, 0, width, height);
  return canvas;
}

function blank(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

function pixels(bitmap) {
  const context = blank(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}
