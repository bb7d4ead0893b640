/** The choices about the file: length, format, quality, repeating, frames per second, size. */

import { $ } from './dom.js';
import { has, onLanguage, t } from './language.js';

// What can be repeated without rendering it again.
const FILMS = new Set(['mp4', 'webm', 'avi', 'motion_photo', 'live_photo']);
// What has no choice between fidelity and size.
const WITHOUT_QUALITY = new Set(['gif', 'png']);
// What has no frames: a browser paints it.
const PAINTED = new Set(['html', 'web']);
const FURTHER = ['quality', 'repeat_to', 'fps', 'max_side'];

export class Choices {
  /** onChange(), when something else was chosen. */
  constructor({ onChange }) {
    $('seconds').oninput = () => { this.#write(); onChange(); };
    $('format').onchange = () => { this.#write(); onChange(); };
    for (const name of FURTHER) $(name).onchange = onChange;
    onLanguage(() => this.#write());
  }

  /** The options by name; of those that are folded away, only what was changed. */
  get fields() {
    const fields = { seconds: $('seconds').value, format: $('format').value };
    for (const name of FURTHER) {
      const usual = [...$(name).options].find((option) => option.defaultSelected) ?? $(name).options[0];
      if (!$(name).disabled && $(name).value !== usual.value) fields[name] = $(name).value;
    }
    return fields;
  }

  #write() {
    $('seconds-out').textContent = t('seconds.value', { n: $('seconds').value });
    $('seconds').setAttribute('aria-valuetext', $('seconds-out').textContent);
    for (const option of $('format').options) {
      if (has(`format.${option.value}`)) option.textContent = t(`format.${option.value}`);
    }
    for (const option of $('quality').options) option.textContent = t(`quality.${option.value}`);
    for (const option of $('repeat_to').options) {
      option.textContent = option.value === '0' ? t('repeat.none') : t('repeat.to', { n: option.value });
    }
    for (const option of $('max_side').options) option.textContent = t('max_side.value', { n: option.value });
    $('quality').disabled = WITHOUT_QUALITY.has($('format').value);
    $('fps').disabled = PAINTED.has($('format').value);
    $('repeat_to').disabled = !FILMS.has($('format').value || 'mp4');
  }
}
