/** One photo's work: preview, choices, brush, animating, and the result. */

import { finished } from './api.js';
import { Brush } from './brush.js';
import { Choices } from './choices.js';
import { Compare } from './compare.js';
import { $, chosen, say, sheet, show } from './dom.js';
import { MatteEditor } from './editor.js';
import { Frame } from './frame.js';
import { offerFullScreen } from './fullscreen.js';
import { keep, keepsNothing } from './kept.js';
import { onLanguage, percent, t } from './language.js';
import { ELEMENTS, Mattes } from './mattes.js';
import { shownBy } from './photo.js';
import { Progress } from './progress.js';
import { Result } from './result.js';
import { Stage } from './stage.js';
import { token } from './token.js';
import { Wind } from './wind.js';

// Less than this is nothing.
const LEAST = 0.0005;
const CODES = { sky: '01', hair: '10' };
const SAVED_MS = 60000;

export class Studio {
  // As it was chosen, and the part of it that is worked on, which `box` has in the first's pixels.
  #original = null;
  #photo = null;
  #box = null;
  #mattes = null;
  #animation = null;
  // What was asked for: {words, token, animation}. The same once more is no second animation.
  #asked = null;

  /**
   * guarded(work): runs work, asks for the key where it is wrong, and shows any other error.
   * onLoop(file, loop): a loop of this photo is ready.
   */
  constructor(api, guarded, onLoop) {
    this.api = api;
    this.guarded = guarded;
    this.onLoop = onLoop;
    this.frame = new Frame({ onChange: () => this.#framed() });
    this.stage = new Stage();
    this.compare = new Compare();
    this.progress = new Progress();
    this.result = new Result();
    this.wind = new Wind({ onChange: () => this.#changed() });
    this.choices = new Choices({ onChange: () => this.#changed() });
    this.brush = new Brush({ onPaint: (box) => this.stage.drawTint(box), onChange: () => this.#painted() });
    this.#listen();
    onLanguage(() => { this.#writeFound(); this.#writeNote(); });
  }

  /** Opens a prepared photo, and asks what there is to move. before: what was kept of this work. */
  async open(photo, before = null) {
    this.#original = photo;
    this.frame.value = before?.frame ?? { ratio: 'whole', at: 50 };
    await this.#begin(before);
  }

  /** Begins with the framed part of the photo. carried: {mattes, drawn, box} of another part. */
  async #begin(before, carried = null) {
    this.#stop();
    const photo = await this.frame.of(this.#original);
    this.#photo = photo;
    this.#box = this.frame.box(this.#original);
    this.#mattes = null;
    this.#asked = null;
    this.brush.toggle(false);
    this.result.close();
    this.stage.setPhoto(photo);
    this.#view('edit');
    this.#writeNote();
    this.#writeFound();
    show($('looking'));
    $('controls').inert = true;
    await this.#work(async (signal) => {
      await this.#preview(carried);
      if (signal.aborted) return;
      if (photo !== this.#photo && this.frame.value.ratio !== 'whole') {
        await this.#begin(before, carried); // now that the service has decoded it
        return;
      }
      if (before) await this.#restore(before, signal);
    });
  }

  /** Another part was chosen. Strokes stay where both have the place. */
  #framed() {
    if (!this.#original) return;
    const drawn = ELEMENTS.filter((element) => this.#mattes?.edited(element));
    const carried = drawn.length ? { mattes: this.#mattes, drawn, box: this.#box } : null;
    keep({ frame: this.frame.value, planes: null, asked: null });
    this.#begin(null, carried);
  }

  #carry({ mattes, drawn, box }) {
    const [across, down] = [this.#mattes.width / this.#box.width, this.#mattes.height / this.#box.height];
    const place = [(box.x - this.#box.x) * across, (box.y - this.#box.y) * down, box.width * across, box.height * down];
    this.#mattes.carry(mattes, drawn, place);
    this.#painted();
  }

  /** Whether something would be lost with the page: a photo on its way, or strokes kept nowhere. */
  get atRisk() {
    const drawn = this.#mattes && ELEMENTS.some((element) => this.#mattes.edited(element));
    return Boolean(this.#asked && !this.#asked.animation) || Boolean(drawn && keepsNothing());
  }

  /** The strokes and the animation of before a reload. */
  async #restore({ planes, asked }, signal) {
    if (planes?.sky.length === this.#mattes.planes.sky.length) {
      for (const element of ELEMENTS) this.#mattes.planes[element].set(planes[element]);
      this.#painted();
    }
    const animation = asked && await this.api.animation(asked.id, signal).catch(() => null);
    if (!animation || !['queued', 'running', 'succeeded'].includes(animation.state)) return;
    this.#animation = animation;
    if (!finished(animation)) this.#view('working');
    await this.#ended(await this.#followed(signal), asked, signal);
  }

  /** Another photo is about to come: nothing of this one goes on. */
  close() {
    this.#stop();
    this.stage.forget();
    this.stage.play(this.stage.playing);
  }

  #work = (task) => {
    const control = new AbortController();
    this.control = control;
    return this.guarded(async () => {
      try {
        await task(control.signal);
      } catch (error) {
        if (!control.signal.aborted) throw error;
      }
    });
  };

  #stop() {
    this.control?.abort();
    this.#animation = null;
    show($('looking'), false);
  }

  async #preview(carried) {
    const { signal } = this.control;
    const form = new FormData();
    form.append('image', this.#photo.blob, this.#photo.name);
    form.append('strength', chosen('strength'));
    form.append('wind', this.wind.value);
    const facts = await this.api.preview(form, signal, (part) => this.#writeLooking(part));
    const bitmap = await createImageBitmap(await this.api.blob(facts.mattes, signal));
    if (!this.#photo.bitmap) await this.#show(await this.api.blob(facts.photo, signal), facts);
    if (signal.aborted) return;
    this.#found(Mattes.from(bitmap));
    if (carried) this.#carry(carried);
    const fetched = (address) => this.api.blob(address, signal);
    await this.stage.startLive(this.#photo.bitmap, facts, fetched, () => this.#settings());
    this.#writeNothing();
  }

  /** Shows the photo as the service decoded it. */
  async #show(blob, facts) {
    this.#photo = await shownBy(blob, this.#photo, facts);
    this.#original = this.#photo;
    this.#box = this.frame.box(this.#original);
    this.stage.setPhoto(this.#photo);
    show($('looking'));
    this.#writeNote();
  }

  #found(mattes) {
    this.#mattes = mattes;
    const [, context] = sheet(mattes.width, mattes.height);
    context.drawImage(this.#photo.bitmap, 0, 0, mattes.width, mattes.height);
    this.brush.use(new MatteEditor(mattes, context.getImageData(0, 0, mattes.width, mattes.height)));
    for (const element of ELEMENTS) $(`on-${element}`).checked = mattes.area(element) >= LEAST;
    // The brush begins with what there is most of.
    const [most] = [...ELEMENTS].sort((a, b) => mattes.area(b) - mattes.area(a));
    document.querySelector(`input[name="brush-element"][value="${most}"]`).checked = true;
    this.brush.elementChanged();
    show($('looking'), false);
    $('controls').inert = false;
    this.stage.setMattes(mattes);
    this.#writeFound();
    this.#switched();
    say(t('found.said', { sky: $('amount-sky').textContent, hair: $('amount-hair').textContent }));
  }

  #listen() {
    for (const element of ELEMENTS) $(`on-${element}`).onchange = () => { this.#switched(); this.#changed(); };
    for (const input of document.querySelectorAll('input[name="strength"]')) input.onchange = () => this.#changed();
    $('save-matte').onclick = () => this.#save(chosen('brush-element'));
    for (const button of document.querySelectorAll('[data-save]')) button.onclick = () => this.#save(button.dataset.save);
    $('brush-open').onclick = () => this.#toggleBrush(!this.brush.open);
    $('brush-done').onclick = () => this.#toggleBrush(false);
    $('nothing-brush').onclick = () => this.#toggleBrush(true);
    addEventListener('keydown', (event) => {
      const busy = event.defaultPrevented || document.querySelector('dialog[open]');
      if (event.key === 'Escape' && this.brush.open && !busy) this.#toggleBrush(false);
    });
    $('show-loop').onclick = () => this.#view('done');
    $('cancel').onclick = () => this.#cancel();
    $('controls').onsubmit = (event) => {
      event.preventDefault();
      this.animate();
    };
  }

  /** Makes the loop. */
  animate() {
    if ($('animate').disabled) return undefined;
    return this.#work(() => this.#animate());
  }

  async #animate() {
    const { signal } = this.control;
    this.#view('working');
    this.progress.toggle(true);
    $('progress-title').focus({ preventScroll: true });
    $('stage').scrollIntoView({ block: 'nearest' });
    try {
      const fields = this.#fields();
      const drawn = ELEMENTS.filter((element) => this.#mattes.edited(element));
      const asked = this.#askedFor(JSON.stringify([fields, drawn.map((element) => this.#mattes.area(element))]));
      const sent = (part) => this.progress.update(part < 1 ? { state: 'sending', stage: null, fraction: part } : { state: 'queued', stage: null, fraction: 0 });
      asked.animation ??= await this.api.animate(await this.#form(fields, drawn), asked.token, signal, sent);
      this.#animation = asked.animation;
      keep({ asked: { id: this.#animation.id, fields, drawn } });
      const animation = await this.#followed(signal);
      this.#asked = null;
      await this.#ended(animation, { fields, drawn }, signal);
    } catch (error) {
      if (!signal.aborted) this.#view('edit');
      throw error;
    }
  }

  async #ended(animation, { fields, drawn }, signal) {
    if (animation.state === 'succeeded') await this.#finished(animation, fields, drawn, signal);
    else if (animation.state === 'cancelled') this.#cancelled();
    else throw Object.assign(new Error(animation.error?.detail ?? ''), { code: animation.error?.code ?? animation.state });
  }

  /** What is asked for in these words: the same as before where that did not come to an end. */
  #askedFor(words) {
    if (this.#asked?.words !== words) this.#asked = { words, token: token(), animation: null };
    return this.#asked;
  }

  async #followed(signal) {
    const animation = this.#animation;
    if (finished(animation)) return animation;
    return this.api.follow(animation, (now) => this.progress.update(now), signal);
  }

  async #form(fields, drawn) {
    const form = new FormData();
    form.append('image', this.#photo.blob, this.#photo.name);
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    for (const element of drawn) form.append(`${element}_matte`, await this.#mattes.png(element), `${element}.png`);
    return form;
  }

  #fields() {
    const codes = ELEMENTS.filter((element) => $(`on-${element}`).checked);
    return {
      operation: codes.length === 2 ? '11' : CODES[codes[0]],
      strength: chosen('strength'), wind: this.wind.value, ...this.choices.fields,
    };
  }

  async #finished(animation, fields, mattes, signal) {
    this.progress.update(animation);
    // Without a copy of its own the loop can still be downloaded by its link.
    const blob = await this.api.blob(animation.result.url, signal).catch(() => null);
    signal.throwIfAborted();
    const unplayable = () => {
      this.#view('edit');
      show($('show-loop'), false);
      $('result-facts').textContent = t('result.unplayable', { format: fields.format.replace('_', ' ').toUpperCase() });
    };
    this.onLoop(this.#original.file, {
      id: animation.id, fields, drawn: mattes, frame: this.frame.value, expires: Date.parse(animation.expires_at),
    });
    const player = await this.result.open(animation, blob, { fields, mattes, name: this.#photo.name, onUnplayable: unplayable });
    if (player) this.#view('done');
    else unplayable();
    $('result-title').focus({ preventScroll: true });
    if (player) $('stage').scrollIntoView({ block: 'nearest' });
    say(t('result.title'));
  }

  async #cancel() {
    const animation = this.#animation;
    this.#stop();
    this.#asked = null;
    keep({ asked: null });
    this.#cancelled();
    if (animation) await this.api.cancel(animation.id).catch(() => {});
  }

  #cancelled() {
    this.#view('edit');
    say(t('cancelled'));
    $('animate').focus();
  }

  #toggleBrush(open) {
    if (open) this.#view('edit');
    this.brush.toggle(open);
    this.#writeNothing();
    this.#switched();
    this.stage.showTint(open);
    // Where the tools are below the photo, photo and tools come together from the top.
    if (open) $('studio').scrollIntoView({ block: 'start' });
    (open ? $('brush') : $('brush-open')).focus({ preventScroll: true });
  }

  /** Saves a matte as it is now: a picture that the API, the command line and the library take. */
  async #save(element) {
    const url = URL.createObjectURL(await this.#mattes.png(element));
    Object.assign(document.createElement('a'), { href: url, download: `${element}.png` }).click();
    setTimeout(() => URL.revokeObjectURL(url), SAVED_MS);
    say(t('saved', { name: `${element}.png` }));
  }

  /** A choice was changed: the stage goes back from the loop to the preview. */
  #changed() {
    if ($('studio').dataset.view === 'done') this.#view('edit');
    this.stage.update(this.#settings());
  }

  #settings() {
    return { strength: chosen('strength'), wind: this.wind.value, sky: $('on-sky').checked, hair: $('on-hair').checked };
  }

  #switched() {
    // Who paints has to see what is there, also of what is not switched on yet.
    const all = this.brush.open;
    this.stage.shown = { sky: all || $('on-sky').checked, hair: all || $('on-hair').checked };
    this.stage.drawTint();
    this.stage.showTint(true);
    this.#writeWhy();
  }

  /** Whether there is anything that could move. */
  get #some() { return ELEMENTS.some((element) => (this.#mattes?.area(element) ?? 0) >= LEAST); }

  #painted() {
    this.#asked = null;
    keep({ planes: this.#mattes.planes });
    for (const element of ELEMENTS) {
      if (this.#mattes.edited(element)) $(`on-${element}`).checked = this.#mattes.area(element) >= LEAST;
    }
    this.#writeFound();
    this.#switched();
    this.#changed();
    this.stage.mattesChanged();
  }

  /** edit: the photo with its preview. working: progress. done: the loop. */
  #view(name) {
    $('studio').dataset.view = name;
    const done = name === 'done';
    if (name !== 'edit' && this.brush.open) this.#toggleBrush(false);
    show($('controls'), name !== 'working');
    this.progress.toggle(name === 'working');
    show($('loop'), done);
    this.compare.offer(done);
    offerFullScreen(done);
    show($('result'), name !== 'working' && this.result.present);
    show($('show-loop'), name === 'edit' && this.result.present);
    this.wind.enable(name === 'edit' && !this.brush.open && this.#some);
    show($('show-tint'), !done && Boolean(this.#mattes));
    $('tint').classList.toggle('away', done);
    show($('play'), done || (this.stage.live && this.#some));
    $('animate').firstElementChild.textContent = t(this.result.present ? 'animate.again' : 'animate');
    this.stage.play(this.stage.playing);
  }

  /** part: of the photo that was sent. */
  #writeLooking(part) {
    $('looking').firstElementChild.textContent = part < 1 ? t('found.sending', { percent: percent(part) }) : t('found.looking');
  }

  /** The choices, as they are for any photo. */
  get fields() {
    return { operation: 'auto', strength: chosen('strength'), wind: this.wind.value, ...this.choices.fields };
  }

  #writeFound() {
    for (const element of ELEMENTS) {
      const area = this.#mattes?.area(element) ?? 0;
      const input = $(`on-${element}`);
      input.disabled = area < LEAST;
      if (input.disabled) input.checked = false;
      $(`switch-${element}`).classList.toggle('absent', input.disabled);
      const part = area < LEAST ? t('found.none') : t('found.part', { percent: percent(area) });
      $(`amount-${element}`).textContent = this.#mattes ? part : '';
    }
    this.#writeNothing();
    this.#writeWhy();
  }

  /** Where nothing was found, that is said first, and the brush is what there is to do. */
  #writeNothing() {
    const none = Boolean(this.#mattes) && !this.#some;
    show($('nothing'), none && !this.brush.open);
    $('controls').classList.toggle('nothing-found', none);
    this.wind.enable($('studio').dataset.view === 'edit' && !this.brush.open && this.#some);
    if (none) show($('play'), false);
    if (this.#mattes && $('studio').dataset.view === 'edit') show($('show-tint'), !none);
  }

  #writeWhy() {
    const nothing = !ELEMENTS.some((element) => $(`on-${element}`).checked);
    const found = ELEMENTS.some((element) => !$(`on-${element}`).disabled);
    $('animate').disabled = !this.#mattes || nothing;
    show($('animate-why'), Boolean(this.#mattes) && nothing && found);
    $('animate-why').textContent = t('animate.nothing');
    $('animate').firstElementChild.textContent = t(this.result.present ? 'animate.again' : 'animate');
  }

  #writeNote() {
    if (!this.#photo?.bitmap) {
      $('photo-note').textContent = '';
      return;
    }
    const size = ({ width, height }) => `${width} × ${height}`;
    const { was } = this.#photo;
    $('photo-note').classList.toggle('minor', !was);
    $('photo-note').textContent = was ? t('note.shrunk', { was: size(was), is: size(this.#photo) }) : t('note.same', { is: size(this.#photo) });
  }
}
