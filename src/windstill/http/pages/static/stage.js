/** The photo and what lies over it: live preview, loop, tints; and whether it moves. */

import { $, reducedMotion, show } from './dom.js';
import { onLanguage, t } from './language.js';

// How long what was found stays tinted once the preview moves, unless it is asked for.
const TINT_MS = 2600;

export class Stage {
  #preview = null;
  #loading = null;
  #fading = 0;

  constructor() {
    this.playing = !reducedMotion.matches;
    this.mattes = null;
    this.shown = { sky: true, hair: true };
    $('play').onclick = () => this.play(!this.playing);
    $('show-tint').onclick = () => this.showTint($('show-tint').getAttribute('aria-pressed') !== 'true');
    onLanguage(() => this.#writePlay());
  }

  get player() { return $('loop').firstElementChild; }

  get live() { return !$('live').hidden; }

  /** Shows a photo, and nothing else yet. */
  setPhoto({ blob, shown = blob, width, height, name }) {
    this.forget();
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(shown);
    $('still').src = this.url;
    $('before').src = this.url;
    $('still').alt = t('studio.alt', { name });
    $('studio').style.setProperty('--ratio', String(width / height));
  }

  /** Lets go of preview and tints. */
  forget() {
    clearTimeout(this.#fading);
    this.#preview?.destroy();
    this.#preview = null;
    this.#loading = null;
    this.mattes = null;
    show($('live'), false);
    show($('play'), false);
    show($('show-tint'), false);
    const tint = $('tint');
    tint.getContext('2d').clearRect(0, 0, tint.width, tint.height);
  }

  setMattes(mattes) {
    this.mattes = mattes;
    Object.assign($('tint'), { width: mattes.width, height: mattes.height });
    show($('show-tint'));
    this.showTint(true);
    this.drawTint();
  }

  /** Draws the tints anew, all or within a box of the mattes. */
  drawTint(box) {
    if (!this.mattes) return;
    const context = $('tint').getContext('2d');
    const [left, top, right, bottom] = box ?? [0, 0, this.mattes.width, this.mattes.height];
    // One pixel more, for the outlines.
    this.mattes.tint(context, this.shown, [Math.max(0, left - 1), Math.max(0, top - 1), Math.min(this.mattes.width, right + 1), Math.min(this.mattes.height, bottom + 1)]);
  }

  showTint(shown) {
    clearTimeout(this.#fading);
    $('show-tint').setAttribute('aria-pressed', String(shown));
    $('tint').classList.toggle('faded', !shown);
  }

  /**
   * Loads the live preview where the browser can show it, and then keeps it up to date; elsewhere
   * the tinted photo stays. `facts`: of the service's preview; `fetched(address)`: a Blob.
   */
  async startLive(image, facts, fetched, settings) {
    const loading = this.#load(image, facts, fetched);
    this.#loading = loading;
    const preview = await loading.catch(() => null);
    if (this.#loading !== loading) { preview?.destroy(); return; }
    if (!preview) return;
    this.#preview = preview;
    preview.update(settings());
    if (this.mattes) preview.setMattes(this.mattes.canvas());
    show($('play'));
    this.play(this.playing);
  }

  update(settings) {
    this.#preview?.update(settings);
  }

  mattesChanged() {
    this.#preview?.setMattes(this.mattes.canvas());
  }

  /** Plays or stops whatever there is to play. */
  play(playing) {
    this.playing = playing;
    const looping = !$('loop').hidden;
    const { player } = this;
    if (player?.play) {
      if (playing && looping) player.play().catch(() => {});
      else player.pause();
    } else if (player) {
      show(player, playing);
    }
    this.#playLive(playing && !looping);
    this.#writePlay();
  }

  #playLive(playing) {
    if (!this.#preview) return;
    const first = $('live').hidden && playing;
    if (playing) this.#preview.start();
    else this.#preview.stop();
    if (playing) show($('live'));
    if (first) this.#fading = setTimeout(() => this.#fadeTint(), TINT_MS);
  }

  #fadeTint() {
    if ($('brush').hidden) this.showTint(false);
  }

  async #load(image, facts, fetched) {
    const { Player } = await import('./player/player.js');
    if (!Player.supported()) return null;
    const preview = new Player($('live'));
    const [mattes, motion] = await Promise.all([
      fetched(facts.mattes), fetched(facts.motion).then((blob) => blob.arrayBuffer()),
    ]);
    await preview.load({ image, motion, mattes });
    return preview;
  }

  #writePlay() {
    $('play').textContent = t(this.playing ? 'play.pause' : 'play.play');
    $('play').classList.toggle('paused', !this.playing);
  }
}
