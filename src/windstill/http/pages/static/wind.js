/** Where the wind blows to: the arrow on the photo, the slider, and the compass beside it. */

import { $ } from './dom.js';
import { onLanguage, t } from './language.js';

const NAMES = ['e', 'ne', 'n', 'nw', 'w', 'sw', 's', 'se'];
const STEP = 5;
// Where the arrow rests, in parts of the stage.
const HOME = { x: 0.5, y: 0.2 };

export class Wind {
  #drag = null;

  /** onChange(), when the direction was changed. */
  constructor({ onChange }) {
    this.onChange = onChange;
    this.arrow = $('arrow');
    this.enabled = true;
    $('wind').oninput = () => this.#set(Number($('wind').value));
    $('wind-auto').onchange = () => { this.#draw(); this.onChange(); };
    this.#listen();
    new ResizeObserver(() => this.#draw()).observe($('stage'));
    onLanguage(() => this.#draw());
  }

  /** As the option `wind`: "auto", or degrees counter-clockwise from the right. */
  get value() { return $('wind-auto').checked ? 'auto' : $('wind').value; }

  get degrees() { return Number($('wind').value); }

  enable(enabled) {
    this.enabled = enabled;
    this.arrow.classList.toggle('off', !enabled);
  }

  #set(degrees) {
    $('wind-auto').checked = false;
    $('wind').value = (Math.round(degrees / STEP) * STEP + 360) % 360;
    this.#draw();
    this.onChange();
  }

  #listen() {
    const stage = $('stage');
    const begin = (event) => {
      const grip = event.target.closest('.grip');
      if (!this.enabled || event.button !== 0 || (event.pointerType === 'touch' && !grip)) return;
      event.preventDefault();
      stage.setPointerCapture(event.pointerId);
      this.#drag = grip ? this.#home() : this.#point(event);
    };
    stage.addEventListener('pointerdown', begin);
    stage.addEventListener('pointermove', (event) => {
      if (!this.#drag) return;
      const to = this.#point(event);
      const [right, down] = [to.x - this.#drag.x, to.y - this.#drag.y];
      if (Math.hypot(right, down) > 12) this.#set((Math.atan2(-down, right) * 180) / Math.PI);
    });
    for (const name of ['pointerup', 'pointercancel']) {
      stage.addEventListener(name, () => { this.#drag = null; this.#draw(); });
    }
  }

  #point(event) {
    const box = $('stage').getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #home() {
    return { x: HOME.x * $('stage').clientWidth, y: HOME.y * $('stage').clientHeight };
  }

  #draw() {
    const auto = $('wind-auto').checked;
    const { degrees } = this;
    $('wind-out').textContent = auto ? t('wind.any') : t(`wind.${NAMES[Math.round(degrees / 45) % 8]}`);
    $('wind').setAttribute('aria-valuetext', $('wind-out').textContent);
    $('compass').classList.toggle('auto', auto);
    $('compass').querySelector('.needle').setAttribute('transform', `rotate(${-degrees})`);
    this.arrow.classList.toggle('auto', auto);
    const { x, y } = this.#drag ?? this.#home();
    const length = Math.max(44, 0.11 * Math.min($('stage').clientWidth, 900));
    const place = `translate(${x} ${y}) rotate(${-degrees})`;
    const bend = `M${-length} 5C${-length / 2} -9 ${-length / 6} 13 ${length} 0`;
    this.arrow.querySelector('.shaft').setAttribute('d', bend);
    this.arrow.querySelector('.tip').setAttribute('d', `M${length - 15} -13L${length} 0L${length - 15} 12`);
    for (const part of ['.shaft', '.tip']) this.arrow.querySelector(part).setAttribute('transform', place);
    const grip = this.arrow.querySelector('.grip');
    grip.setAttribute('transform', place);
    grip.setAttribute('cx', length);
  }
}
