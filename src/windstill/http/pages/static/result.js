/** The finished loop: playing it, its link, and the same as code. */

import { asCurl, asPython } from './code.js';
import { $, chosen, say, show, toast } from './dom.js';
import { bytes, clock, language, onLanguage, t, timeLeft } from './language.js';

const EXTENSIONS = { 'video/mp4': 'mp4', 'video/webm': 'webm', 'video/x-msvideo': 'avi', 'image/gif': 'gif', 'image/webp': 'webp', 'application/zip': 'zip' };
const RENEW_MS = 30000;

export class Result {
  #animation = null;
  #url = '';
  #fields = {};
  #mattes = [];

  constructor() {
    $('copy-link').onclick = () => this.#copy(this.#animation.result.url, t('copied.link', { time: clock(this.#expires) }));
    $('copy-code').onclick = () => this.#copy($('code-text').textContent, t('copied.code'));
    $('code-button').onclick = () => this.#toggleCode($('code').hidden);
    for (const input of document.querySelectorAll('input[name="code-kind"]')) input.onchange = () => this.#writeCode();
    onLanguage(() => this.#write());
    setInterval(() => this.#writeExpiry(), RENEW_MS);
  }

  /** Whether there is a loop. */
  get present() { return this.#animation !== null; }

  get #expires() { return new Date(this.#animation.expires_at); }

  /** The element that plays, or null where browsers can't play the format. */
  async open(animation, blob, { fields, mattes, onUnplayable }) {
    this.close();
    this.#animation = animation;
    this.#fields = fields;
    this.#mattes = mattes;
    this.#url = blob ? URL.createObjectURL(blob) : '';
    const link = new URL(animation.result.url, document.baseURI);
    const extension = EXTENSIONS[animation.result.mime] ?? 'bin';
    if (!blob) link.searchParams.set('download', '1');
    Object.assign($('download'), { href: this.#url || link.href, download: `windstill.${extension}` });
    this.#write();
    show($('result'));
    return this.#player(animation.result.mime, onUnplayable);
  }

  close() {
    show($('result'), false);
    this.#toggleCode(false);
    $('loop').replaceChildren();
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = '';
    this.#animation = null;
  }

  #player(mime, onUnplayable) {
    if (!this.#url) return null;
    const kind = mime.startsWith('image/') ? 'img' : 'video';
    if (kind === 'video' && !document.createElement('video').canPlayType(mime)) return null;
    const player = document.createElement(kind);
    if (kind === 'video') Object.assign(player, { loop: true, muted: true, playsInline: true, disablePictureInPicture: true });
    else player.alt = t('result.alt');
    player.setAttribute('aria-label', t('result.alt'));
    player.onerror = onUnplayable;
    player.src = this.#url;
    $('loop').replaceChildren(player);
    return player;
  }

  #write() {
    if (!this.#animation) return;
    const { result } = this.#animation;
    const number = new Intl.NumberFormat(language(), { maximumFractionDigits: 1 });
    $('result-facts').textContent = t('result.facts', { ...result, seconds: number.format(result.seconds), fps: number.format(result.fps), size: bytes(result.bytes) });
    $('result-remarks').replaceChildren(...(result.warnings ?? []).map((warning) => {
      const item = document.createElement('li');
      item.textContent = warning.message ?? warning.text ?? String(warning);
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
    $('code-text').textContent = write(service, this.#fields, this.#mattes, EXTENSIONS[this.#animation.result.mime] ?? 'bin');
  }

  async #copy(text, said) {
    try {
      await navigator.clipboard.writeText(text);
      toast(said);
    } catch {
      toast(t('copied.not'));
      say(text);
    }
  }
}
