/** The loops of late, and the photos that are still to become some. */

import { $, asBlob, sheet, show } from './dom.js';
import { keepLoop, keptLoops } from './kept.js';
import { clock, onLanguage, t, timeLeft } from './language.js';

const THUMB = 240;
const RENEW_MS = 30000;

/** One of them. state: waiting, working, failed, or done, which has an id and an end. */
export class Tray {
  #items = [];

  /** onOpen(item): somebody wants to see it. onAll(): all that wait are to be animated. */
  constructor({ onOpen, onAll }) {
    this.onOpen = onOpen;
    $('tray-all').onclick = onAll;
    onLanguage(() => this.write());
    setInterval(() => this.write(), RENEW_MS);
  }

  /** Those that were kept. */
  async load() {
    for (const loop of await keptLoops()) this.#put({ ...loop, state: 'done' });
    this.write();
  }

  get waiting() { return this.#items.filter((item) => item.state === 'waiting'); }

  get busy() { return this.#items.some((item) => item.state === 'working'); }

  /** Adds a photo that waits; returns its item. */
  add(photo) {
    const item = { state: 'waiting', photo, name: photo.name };
    this.#items.unshift(item);
    thumbnail(photo).then((thumb) => { item.thumb ??= thumb; this.write(); });
    this.write();
    return item;
  }

  /** Says how it is with an item; a loop is kept. */
  async change(item, news) {
    Object.assign(item, news);
    this.write();
    if (item.state !== 'done') return;
    item.thumb ??= await thumbnail(item.photo);
    this.#put(item);
    this.write();
    const { id, name, photo, thumb, fields, drawn, frame, expires } = item;
    await keepLoop({ id, name, photo, thumb, fields, drawn, frame, expires });
  }

  /** The item of a photo that waits, or a new one for its loop. */
  itemOf(photo) {
    return this.#items.find((item) => item.photo === photo && item.state !== 'done') ?? { photo, name: photo.name };
  }

  write() {
    this.#items = this.#items.filter((item) => item.state !== 'done' || item.expires > Date.now());
    show($('tray'), this.#items.length > 0);
    show($('tray-all'), this.waiting.length > 1 || (this.waiting.length > 0 && this.busy));
    $('tray-all').disabled = this.busy;
    $('tray-all').textContent = t('tray.all', { n: this.waiting.length });
    $('tray-list').replaceChildren(...this.#items.map((item) => this.#shown(item)));
  }

  #put(item) {
    this.#items = [item, ...this.#items.filter((other) => other !== item && (!item.id || other.id !== item.id))];
  }

  #shown(item) {
    const place = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = `card ${item.state}`;
    button.onclick = () => this.onOpen(item);
    const picture = document.createElement('img');
    picture.alt = '';
    if (item.thumb) {
      item.url ??= URL.createObjectURL(item.thumb);
      picture.src = item.url;
    }
    const name = document.createElement('span');
    name.className = 'name';
    name.textContent = item.name;
    const state = document.createElement('span');
    state.className = 'state';
    state.textContent = words(item);
    button.append(picture, name, state);
    place.append(button);
    return place;
  }
}

function words(item) {
  if (item.state !== 'done') return t(`tray.${item.state}`);
  const end = new Date(item.expires);
  return t('tray.until', { time: clock(end), left: timeLeft(end) });
}

/** A small picture of a photo, or null where the browser can't decode it. */
async function thumbnail(photo) {
  const bitmap = await createImageBitmap(photo).catch(() => null);
  if (!bitmap) return null;
  const scale = Math.min(1, THUMB / Math.max(bitmap.width, bitmap.height));
  const [canvas, context] = sheet(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return asBlob(canvas, 'image/jpeg', 0.8);
}
