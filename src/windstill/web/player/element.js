/**
 * <windstill-loop src="photo.loop"><img src="photo.jpg" alt="..."></windstill-loop>: a photo whose
 * sky drifts or whose hair sways. The picture within it is what shows before, where there is no
 * WebGL2, and to whoever wants less motion.
 *
 * Attributes: src; paused; controls; wind (left, right, degrees, auto). Properties: paused,
 * duration and currentTime in seconds, error (null, or why it can't be played). Methods: play(), pause(). Events: load, error, play, pause.
 * Parts: canvas, button.
 */

import { Player } from "./player.js";
import { loadPhoto, loadSource } from "./sources.js";

// Begun before it is seen, so that it moves when it is.
const MARGIN = "25%";
const WINDS = { left: 180, right: 0 };
const STYLE = `
  :host { display: inline-block; position: relative; max-width: 100%; vertical-align: top; }
  :host([hidden]) { display: none; }
  ::slotted(img) { display: block; max-width: 100%; height: auto; }
  canvas { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
  button { position: absolute; right: 8px; bottom: 8px; width: 44px; height: 44px; padding: 0;
    border: 0; border-radius: 50%; background: #0008; color: #fff; font: 18px/44px sans-serif;
    cursor: pointer; }
  button:focus-visible { outline: 3px solid #fff; }
  [hidden] { display: none; }
`;
const lessMotion = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

/** The element. */
export class WindstillLoop extends (globalThis.HTMLElement ?? Object) {
  static observedAttributes = ["src", "paused", "controls", "wind"];

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    shadow.adoptedStyleSheets = [sheet];
    this._canvas = Object.assign(document.createElement("canvas"), { hidden: true });
    this._canvas.setAttribute("part", "canvas");
    this._canvas.setAttribute("aria-hidden", "true");
    this._button = Object.assign(document.createElement("button"), { type: "button", hidden: true });
    this._button.setAttribute("part", "button");
    this._button.onclick = () => (this.paused ? this.play() : this.pause());
    shadow.append(document.createElement("slot"), this._canvas, this._button);
    this._asked = this._error = null;
    this._inSight = false;
    this._onLessMotion = () => this._update();
    this._sight = new IntersectionObserver(
      (entries) => {
        this._inSight = entries.at(-1).isIntersecting;
        this._update();
      },
      { rootMargin: MARGIN },
    );
  }

  connectedCallback() {
    this._sight.observe(this);
    lessMotion.addEventListener("change", this._onLessMotion);
    this._update();
  }

  disconnectedCallback() {
    this._sight.disconnect();
    lessMotion.removeEventListener("change", this._onLessMotion);
    this._inSight = false;
    this._unload();
  }

  attributeChangedCallback(name) {
    if (name === "src") this._unload();
    if (name === "paused") this._asked = null;
    if (name === "wind") this._blow();
    this._update();
  }

  /** Whether it stands still although it is in sight. */
  get paused() {
    return !(this._asked ?? !(this.hasAttribute("paused") || lessMotion.matches));
  }

  /** Length of the loop, seconds; NaN before it is loaded. */
  get duration() {
    return this._player?.seconds || NaN;
  }

  get error() {
    return this._error;
  }

  get currentTime() {
    return this._player ? this._player.time * this._player.seconds : 0;
  }

  set currentTime(seconds) {
    if (this._player?.seconds) this._player.draw(seconds / this._player.seconds);
  }

  /** Plays, whatever the visitor's settings; when it is out of sight, as soon as it is seen. */
  play() {
    this._ask(true);
  }

  pause() {
    this._ask(false);
  }

  _ask(playing) {
    if (playing !== this.paused) return;
    this._asked = playing;
    this._update();
    this.dispatchEvent(new Event(playing ? "play" : "pause"));
  }

  _update() {
    this._button.hidden = !this.hasAttribute("controls") || !Player.supported();
    this._button.textContent = this.paused ? "\u25B6\uFE0E" : "\u2759\u2759";
    this._button.setAttribute("aria-label", this.paused ? "Play" : "Pause");
    if (!this._inSight) {
      this._player?.rest();
    } else if (!this.paused) {
      this._load();
      if (!this._canvas.hidden) this._player.start();
    } else {
      this._player?.stop();
    }
  }

  /** Loads what is to be played, once. */
  async _load() {
    const address = this.getAttribute("src");
    if (this._player || !address || !Player.supported()) return;
    const player = (this._player = new Player(this._canvas));
    try {
      const { motion, photo } = await loadSource(new URL(address, document.baseURI));
      const image = await loadPhoto(photo ?? this.querySelector("img"));
      await player.load({ image, motion });
    } catch (error) {
      if (player !== this._player) return;
      this._error = error;
      console.warn(`windstill-loop: ${address.slice(0, 80)} can't be played: ${error.message}`);
      this.dispatchEvent(new ErrorEvent("error", { error, message: error.message }));
      return;
    }
    if (player !== this._player) return;
    this._blow();
    this._placeCanvas();
    this._canvas.hidden = false;
    this._update();
    this.dispatchEvent(new Event("load"));
  }

  _unload() {
    this._player?.destroy();
    this._player = this._error = null;
    this._canvas.hidden = true;
  }

  /** The canvas lies over the picture as that lies in its box. */
  _placeCanvas() {
    const image = this.querySelector("img");
    if (!image) return;
    const { objectFit, objectPosition, borderRadius } = getComputedStyle(image);
    Object.assign(this._canvas.style, { objectFit, objectPosition, borderRadius });
  }

  _blow() {
    const asked = this.getAttribute("wind");
    const wind = WINDS[asked] ?? asked;
    if (wind === null || wind === "auto" || Number.isFinite(Number(wind))) this._player?.update({ wind });
  }
}

if (globalThis.customElements && !customElements.get("windstill-loop")) {
  customElements.define("windstill-loop", WindstillLoop);
}
