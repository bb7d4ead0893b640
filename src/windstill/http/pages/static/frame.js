/** The part of the photo that is animated: the whole, or one of usual proportions. */

import { $, asBlob, chosen, sheet, show } from './dom.js';
import { onLanguage, t } from './language.js';

const QUALITY = 0.95;
const RATIOS = { whole: 0, '1:1': 1, '4:5': 4 / 5, '9:16': 9 / 16, '16:9': 16 / 9 };

export class Frame {
  /** onChange(), when another part was chosen. */
  constructor({ onChange }) {
    for (const input of inputs()) input.onchange = () => { this.#write(); onChange(); };
    $('frame-at').onchange = onChange;
    $('frame-at').oninput = () => this.#write();
    onLanguage(() => this.#write());
  }

  get value() { return { ratio: chosen('frame'), at: Number($('frame-at').value) }; }

  set value({ ratio, at }) {
    const found = inputs().find((input) => input.value === ratio) ?? inputs()[0];
    found.checked = true;
    $('frame-at').value = String(at);
    this.#write();
  }

  /** Where a photo has this part: {x, y, width, height} in its pixels. */
  box({ width, height }) {
    const { ratio, at } = this.value;
    const wanted = RATIOS[ratio] || width / height;
    const [w, h] = width / height > wanted ? [Math.round(height * wanted), height] : [width, Math.round(width / wanted)];
    return { x: Math.round(((width - w) * at) / 100), y: Math.round(((height - h) * at) / 100), width: w, height: h };
  }

  /** This part of an opened photo as a photo of its own; the photo itself where it is the whole. */
  async of(photo) {
    if (!photo.bitmap || this.value.ratio === 'whole') return photo;
    const { x, y, width, height } = this.box(photo);
    const [canvas, context] = sheet(width, height);
    context.drawImage(photo.bitmap, -x, -y);
    const blob = await asBlob(canvas, 'image/jpeg', QUALITY);
    return { ...photo, blob, shown: blob, bitmap: await createImageBitmap(canvas), width, height, was: null };
  }

  #write() {
    show($('frame-place'), this.value.ratio !== 'whole');
    $('frame-at').setAttribute('aria-valuetext', t('frame.value', { n: $('frame-at').value }));
  }
}

const inputs = () => [...document.querySelectorAll('input[name="frame"]')];
