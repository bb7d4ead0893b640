/** The finished loop: playing it, its link, and the same as code. */

import { isOwn } from './api.js';
import { asCurl, asPython } from './code.js';
import { $, chosen, say, show, toast } from './dom.js';
import { bytes, clock, has, onLanguage, region, t, timeLeft } from './language.js';

const EXTENSIONS = { 'video/mp4': 'mp4', 'video/webm': 'webm', 'video/x-msvideo': 'avi', 'image/gif': 'gif', 'image/webp': 'webp', 'application/zip': 'zip', 'image/jpeg': 'jpg', 'text/html': 'html' };
const RENEW_MS = 30000;

export class Result {
  #animation = null;
  #url = '';
  #fields = {};
  #mattes = [];
  #file = null;
  #photo = '';

  constructor() {
    $('share').onclick = () => this.#share();
    $('copy-link').onclick = () => this.#copyLink();
    $('copy-code').onclick = () => this.#copyCode();
    $('link').onfocus = () => $('link').select();
    $('code-button').onclick = () => this.#toggleCode($('code').hidden);
    for (const input of document.querySelectorAll('input[name="code-kind"]')) input.onchange = () => this.#writeCode();
    onLanguage(() => this.#write());
    setInterval(() => this.#writeExpiry(), RENEW_MS);
  }

  /** Whether there is a loop. */
  get present() { return this.#animation !== null; }

  /** What the file is called: after the photo. */
  get #name() {
    const { options, result } = this.#animation;
    const stem = this.#photo.replace(/\.[^.]*$/, '').replace(/[\\/:*?"<>|\u0000-\u001f]+/g, ' ').trim() || 'windstill';
    // Galleries know a picture that carries its film by this ending, too.
    const ending = options.format === 'motion_photo' ? '-loopMP' : '-loop';
    return `${stem}${ending}.${EXTENSIONS[result.mime] ?? 'bin'}`;
  }

  /** What can be shared: the file itself, else its link; null where the browser shares nothing. */
  get #sharable() {
    const wanted = [this.#file && { files: [this.#file] }, { url: this.#animation.result.url }];
    return wanted.find((data) => data && navigator.canShare?.(data)) ?? null;
  }

  get #expires() { return new Date(this.#animation.expires_at); }

  /** The element that plays, or null where browsers can't play the format. */
  async open(animation, blob, { fields, mattes, name, onUnplayable }) {
    this.close();
    this.#photo = name;
    this.#animation = animation;
    this.#fields = fields;
    this.#mattes = mattes;
    this.#url = blob ? URL.createObjectURL(blob) : '';
    this.#file = blob && new File([blob], this.#name, { type: animation.result.mime });
    this.#offer();
    this.#write();
    show($('result'));
    return this.#player(animation.result.mime, onUnplayable);
  }

  close() {
    show($('result'), false);
    this.#toggleCode(false);
    show($('link-field'), false);
    $('loop').replaceChildren();
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = '';
    this.#file = null;
    this.#animation = null;
  }

  /** The ways to take the loop along. Without a copy here, its own link leads to it. */
  #offer() {
    const link = new URL(this.#animation.result.url, document.baseURI);
    // A link to another host is signed as it is: a word more, and it would be refused.
    if (isOwn(link)) link.searchParams.set('download', '1');
    const elsewhere = !this.#url && !isOwn(link);
    $('download').dataset.t = elsewhere ? 'result.open' : 'result.download';
    $('download').textContent = t($('download').dataset.t);
    Object.assign($('download'), { href: this.#url || link.href, download: this.#name, target: elsewhere ? '_blank' : '', rel: 'noopener' });
    show($('share'), this.#sharable !== null);
  }

  async #share() {
    try {
      await navigator.share(this.#sharable);
    } catch (error) {
      if (error.name !== 'AbortError') toast(t('copied.not'));
    }
  }

  #player(mime, onUnplayable) {
    const kind = mime.startsWith('image/') ? 'img' : 'video';
    if (kind === 'video' && !document.createElement('video').canPlayType(mime)) return null;
    const player = document.createElement(kind);
    if (kind === 'video') Object.assign(player, { loop: true, muted: true, playsInline: true, disablePictureInPicture: true });
    else player.alt = t('result.alt');
    player.setAttribute('aria-label', t('result.alt'));
    player.onerror = onUnplayable;
    player.src = this.#url || this.#animation.result.url;
    $('loop').replaceChildren(player);
    return player;
  }

  #write() {
    if (!this.#animation) return;
    const { result } = this.#animation;
    const number = new Intl.NumberFormat(region(), { maximumFractionDigits: 1 });
    const facts = t('result.facts', { ...result, seconds: number.format(result.seconds), fps: number.format(result.fps), size: bytes(result.bytes) });
    const repeats = result.repeats > 1 ? ` · ${t('result.repeats', { n: number.format(result.repeats) })}` : '';
    $('result-facts').textContent = facts + repeats;
    $('result-remarks').replaceChildren(...(result.warnings ?? []).map((warning) => {
      const item = document.createElement('li');
      item.textContent = remark(warning, result.moved);
      return item;
    }));
    this.#writeExpiry();
    this.#writeCode();
  }

  #writeExpiry() {
    if (!this.#animation) return;
    const over = this.#expires < Date.now();
    $('expiry').textContent = over ? t('result.expired') : t('result.expiry', { time: clock(this.#expires), left: timeLeft(this.#expires) });
    $('copy-link').disabled = over;
  }

  #toggleCode(open) {
    show($('code'), open);
    $('code-button').setAttribute('aria-expanded', String(open));
    this.#writeCode();
  }

  #writeCode() {
    if (!this.#animation) return;
    const service = new URL('.', document.baseURI).href;
    const write = chosen('code-kind') === 'curl' ? asCurl : asPython;
    show($('code-mattes'), this.#mattes.length > 0);
    for (const button of document.querySelectorAll('[data-save]')) {
      show(button, this.#mattes.includes(button.dataset.save));
      button.textContent = t('save.area', { element: t(button.dataset.save) });
    }
    $('code-text').textContent = write(service, this.#fields, this.#mattes, EXTENSIONS[this.#animation.result.mime] ?? 'bin');
  }

  /** Browsers copy nothing over plain HTTP but from this machine; then the link stands in a field. */
  async #copyLink() {
    const { url } = this.#animation.result;
    if (await copied(url)) {
      toast(t('copied.link', { time: clock(this.#expires) }));
      return;
    }
    $('link').value = url;
    show($('link-field'));
    $('link').focus();
    say(t('copied.field'));
  }

  async #copyCode() {
    const done = await copied($('code-text').textContent);
    if (!done) getSelection().selectAllChildren($('code-text'));
    toast(t(done ? 'copied.code' : 'copied.not'));
  }
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** A warning in the page's language; one that it does not know is shown as the service says it. */
function remark({ code, message }, moved) {
  const key = code === 'clear_sky' && moved?.sky?.motion === 'procedural' ? 'warning.clear_sky.veil' : `warning.${code}`;
  return has(key) ? t(key) : message;
}
