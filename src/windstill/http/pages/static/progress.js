/** How far an animation is: a wave that fills, and the stages as words. */

import { $, say, show } from './dom.js';
import { onLanguage, percent, t } from './language.js';

export class Progress {
  #stage = null;
  #title = 'progress.title';

  constructor() {
    onLanguage(() => { $('progress-title').textContent = t(this.#title); });
  }

  toggle(open) {
    show($('progress'), open);
    this.#stage = null;
    this.update({ state: 'queued', stage: null, fraction: 0 });
  }

  /** Shows the state of an animation; a new stage is said aloud, once. */
  update({ state, stage, fraction }) {
    const title = state === 'away' ? 'progress.away' : state === 'sending' ? 'progress.sending' : state === 'queued' && !stage ? 'progress.queued' : 'progress.title';
    if (title === 'progress.away' && title !== this.#title) say(t(title));
    this.#title = title;
    const done = Math.round(100 * fraction);
    $('progress-title').textContent = t(this.#title, { percent: percent(fraction) });
    if (state === 'away') return;
    $('bar').setAttribute('aria-valuenow', String(done));
    $('bar').style.setProperty('--done', `${done}%`);
    const items = [...$('stages').children];
    const current = items.findIndex((item) => item.dataset.stage === stage);
    items.forEach((item, index) => {
      item.classList.toggle('done', state === 'succeeded' || index < current);
      if (index === current) item.setAttribute('aria-current', 'step');
      else item.removeAttribute('aria-current');
    });
    if (stage && stage !== this.#stage && !$('progress').hidden) say(t(`stage.${stage}`));
    this.#stage = stage;
  }
}
