/** The one WebGL2 context of a page, which paints for all its loops: browsers give but some sixteen. */

import { Context } from "./device.js";

let shared = null;

// Loops out of sight that stay on the graphics card, for those who scroll back.
const MOST_RESTING = 4;

/** A canvas that is never shown; what is painted on it is copied to the loops' own. */
export class Renderer {
  /** The page's; null where there is no WebGL2. */
  static shared() {
    try {
      return (shared ??= new Renderer());
    } catch {
      return null;
    }
  }

  constructor() {
    this.canvas = document.createElement("canvas");
    this._gl = this.canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false });
    if (!this._gl) throw new Error("WebGL 2 is not available");
    this._players = new Set();
    this._resting = new Set();
    this.context = new Context(this._gl);
    this.canvas.addEventListener("webglcontextlost", (event) => this._lost(event));
    this.canvas.addEventListener("webglcontextrestored", () => this._restored());
  }

  /** Takes part: `player.begin(context)` is called now and with every new context, null for none. */
  join(player) {
    this._players.add(player);
    player.begin(this.context);
  }

  /** Its part on the graphics card may be given to others until it wakes. */
  rest(player) {
    this._resting.delete(player);
    this._resting.add(player);
    if (this._resting.size > MOST_RESTING) {
      const [longest] = this._resting;
      this.leave(longest);
      longest.begin(null);
    }
  }

  /** It is about to be painted again. */
  wake(player) {
    this._resting.delete(player);
    if (!this._players.has(player)) this.join(player);
  }

  leave(player) {
    this._players.delete(player);
    this._resting.delete(player);
  }

  /** Paints one moment (loops) and copies it to a 2D context of the painter's size. */
  paint(painter, time, target) {
    if (!this.context || this._gl.isContextLost()) return;
    const { width, height } = target.canvas;
    // It only grows, as a change of size is dear, and paints at its lower left.
    if (this.canvas.width < width) this.canvas.width = width;
    if (this.canvas.height < height) this.canvas.height = height;
    painter.paint(time);
    target.drawImage(this.canvas, 0, this.canvas.height - height, width, height, 0, 0, width, height);
  }

  _lost(event) {
    event.preventDefault();
    this._tell(null);
  }

  _restored() {
    this._tell(new Context(this._gl));
  }

  _tell(context) {
    this.context = context;
    for (const player of this._players) player.begin(context);
  }
}
