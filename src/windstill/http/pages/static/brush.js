/** The brush's tools: pointer, keys and buttons around the editor. */

import { $, chosen, say, show } from './dom.js';
import { onLanguage, percent, t } from './language.js';

const STEP = 0.02;

export class Brush {
  #editor = null;
  #at = { x: 0.5, y: 0.5 };
  // The pointer that paints, if one does.
  #pointer = null;

  /** onPaint(box) while painting; onChange() once something is done or undone. */
  constructor({ onPaint, onChange }) {
    this.onPaint = onPaint;
    this.onChange = onChange;
    this.canvas = $('brush');
    this.#listenPointer();
    this.canvas.addEventListener('keydown', (event) => this.#key(event));
    this.canvas.addEventListener('focus', () => this.#drawCursor());
    this.canvas.addEventListener('blur', () => this.#clearCursor());
    $('undo').onclick = () => this.#history('undo', 'brush.undone');
    $('redo').onclick = () => this.#history('redo', 'brush.redone');
    for (const input of document.querySelectorAll('input[name="brush-element"]')) input.onchange = () => this.#write();
    onLanguage(() => this.#write());
    $('reset').onclick = () => this.#history('reset', 'brush.was_reset');
    $('brush-size').oninput = () => this.#sizeChanged();
  }

  /** Another element was chosen, not by its own buttons. */
  elementChanged() { this.#write(); }

  get open() { return !$('brush-tools').hidden; }

  use(editor) {
    this.#editor = editor;
    this.#buttons();
  }

  toggle(open) {
    show($('brush-tools'), open);
    show(this.canvas, open);
    $('brush-open').setAttribute('aria-expanded', String(open));
    this.#sizeChanged();
  }

  /** The brush's radius as a part of the photo's longer side. */
  get #radius() { return Number($('brush-size').value) / 1000; }

  get #settings() {
    return {
      element: chosen('brush-element'), add: chosen('brush-mode') === 'add', edges: $('brush-edges').checked,
      radius: this.#radius * Math.max(this.#editor.width, this.#editor.height),
    };
  }

  #listenPointer() {
    const { canvas } = this;
    canvas.addEventListener('pointerdown', (event) => {
      if (!this.#editor || event.button !== 0 || !event.isPrimary) return;
      event.preventDefault();
      canvas.focus({ preventScroll: true });
      canvas.setPointerCapture(event.pointerId);
      this.#place(event);
      this.#begin(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!event.isPrimary) return;
      const painting = event.pointerId === this.#pointer;
      for (const part of painting ? event.getCoalescedEvents?.() ?? [event] : [event]) {
        this.#place(part);
        if (painting) this.onPaint(this.#editor.move(...this.#pixel()));
      }
      this.#drawCursor();
    });
    canvas.addEventListener('pointerup', (event) => { if (event.pointerId === this.#pointer) this.#end(); });
    canvas.addEventListener('pointercancel', (event) => { if (event.pointerId === this.#pointer) this.#drop(); });
    canvas.addEventListener('pointerleave', () => { if (document.activeElement !== canvas) this.#clearCursor(); });
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    this.#at = { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  }

  #pixel() { return [this.#at.x * this.#editor.width, this.#at.y * this.#editor.height]; }

  #begin(pointer = 'keys') {
    this.#pointer = pointer;
    this.onPaint(this.#editor.begin(this.#settings, ...this.#pixel()));
    this.#drawCursor();
  }

  #end() {
    if (this.#pointer === null) return;
    this.#pointer = null;
    this.onPaint(this.#editor.end());
    const element = chosen('brush-element');
    say(t('brush.painted', { element: t(element), percent: percent(this.#editor.mattes.area(element)) }));
    this.#changed();
  }

  /** A second finger makes a pinch out of what began as a stroke: nothing was painted. */
  #drop() {
    this.#pointer = null;
    this.onPaint(this.#editor.drop());
  }

  #key(event) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[event.key];
    if (!this.#editor) return;
    if (way) this.#walk(way, event.shiftKey ? 5 * STEP : STEP);
    else if (event.key === ' ' || event.key === 'Enter') { this.#begin(); this.#end(); }
    else if (event.key === '+' || event.key === '-') this.#resize(event.key === '+' ? 6 : -6);
    else if (event.key === 'x' || event.key === 'X') this.#swap();
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z') (event.shiftKey ? $('redo') : $('undo')).click();
    else return;
    event.preventDefault();
  }

  #walk([right, down], step) {
    const within = (value) => Math.min(1, Math.max(0, value));
    this.#at = { x: within(this.#at.x + right * step), y: within(this.#at.y + down * step) };
    say(t('brush.at', { x: Math.round(100 * this.#at.x), y: Math.round(100 * this.#at.y) }));
    this.#drawCursor();
  }

  #resize(by) {
    $('brush-size').value = Number($('brush-size').value) + by;
    this.#sizeChanged();
  }

  #swap() {
    const other = document.querySelector('input[name="brush-mode"]:not(:checked)');
    other.checked = true;
    say(t(`brush.${other.value}`));
  }

  #write() {
    $('save-matte').textContent = t('brush.save', { element: t(chosen('brush-element')) });
  }

  #sizeChanged() {
    $('brush-size-out').textContent = $('brush-size').value;
    if (document.activeElement === this.canvas) this.#drawCursor();
  }

  #history(what, text) {
    const box = this.#editor[what]();
    if (!box) return;
    this.onPaint(box);
    say(t(text));
    this.#changed();
  }

  #changed() {
    this.#buttons();
    this.onChange();
  }

  #buttons() {
    const focused = document.activeElement;
    $('undo').disabled = !this.#editor?.canUndo;
    $('redo').disabled = !this.#editor?.canRedo;
    $('reset').disabled = !this.#editor?.canUndo;
    if (focused?.disabled) this.canvas.focus({ preventScroll: true });
  }

  #drawCursor() {
    const context = this.#clearCursor();
    const { width, height } = this.canvas;
    const add = chosen('brush-mode') === 'add';
    const [x, y, radius] = [this.#at.x * width, this.#at.y * height, this.#radius * Math.max(width, height)];
    for (const [colour, line] of [['rgb(0 0 0 / 55%)', 4], ['#fff', 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.setLineDash(add ? [] : [7, 6]);
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.moveTo(x - 5, y);
      context.lineTo(x + 5, y);
      if (add) { context.moveTo(x, y - 5); context.lineTo(x, y + 5); }
      context.stroke();
    }
  }

  #clearCursor() {
    const { canvas } = this;
    const scale = Math.min(2, devicePixelRatio);
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d');
    context.clearRect(0, 0, canvas.width, canvas.height);
    return context;
  }
}
