/** The slider between photo and loop. */

import { $, show } from './dom.js';
import { onLanguage, t } from './language.js';

export class Compare {
  #drag = false;

  constructor() {
    this.slider = $('slider');
    this.at = 50;
    $('compare').onclick = () => this.toggle(!this.open);
    this.slider.addEventListener('keydown', (event) => this.#key(event));
    const stage = $('stage');
    stage.addEventListener('pointerdown', (event) => {
      if (!this.open || event.button !== 0) return;
      event.preventDefault();
      this.#drag = true;
      stage.setPointerCapture(event.pointerId);
      this.slider.focus({ preventScroll: true });
      this.#follow(event);
    });
    stage.addEventListener('pointermove', (event) => { if (this.#drag) this.#follow(event); });
    for (const name of ['pointerup', 'pointercancel']) stage.addEventListener(name, () => { this.#drag = false; });
    onLanguage(() => this.set(this.at));
  }

  get open() { return !this.slider.hidden; }

  /** Offers to compare, or not; the loop is shown whole first. */
  offer(offered) {
    show($('compare'), offered);
    this.toggle(false);
  }

  toggle(open) {
    $('compare').setAttribute('aria-pressed', String(open));
    for (const id of ['slider', 'before', 'tag-before', 'tag-after']) show($(id), open);
    $('stage').classList.toggle('comparing', open);
    this.set(50);
  }

  /** Puts the slider at `percent` from the left. */
  set(percent) {
    this.at = Math.min(100, Math.max(0, percent));
    $('stage').style.setProperty('--split', `${this.at}%`);
    this.slider.setAttribute('aria-valuenow', String(Math.round(this.at)));
    this.slider.setAttribute('aria-valuetext', t('compare.value', { n: Math.round(this.at) }));
    $('tag-before').classList.toggle('faded', this.at < 16);
    $('tag-after').classList.toggle('faded', this.at > 84);
  }

  #follow(event) {
    const box = $('stage').getBoundingClientRect();
    this.set((100 * (event.clientX - box.left)) / box.width);
  }

  #key(event) {
    const steps = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10, Home: -100, End: 100 };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.set(this.at + step * (event.shiftKey ? 5 : 1));
  }
}
