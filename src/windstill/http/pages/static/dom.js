/** Small helpers for the document. */

export const $ = (id) => document.getElementById(id);

export const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

export function show(element, shown = true) {
  element.hidden = !shown;
}

/** Lets a screen reader say `text`, also when it is the same text as before. */
export function say(text) {
  $('said').textContent = '';
  requestAnimationFrame(() => { $('said').textContent = text; });
}

let toastTimer = 0;
export function toast(text) {
  const element = $('toast');
  element.textContent = text;
  show(element);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => show(element, false), 5000);
}

export const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`).value;

/** A canvas of its own of this size, with its 2D context. */
export function sheet(width, height) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  return [canvas, canvas.getContext('2d', { willReadFrequently: true })];
}

export const asBlob = (canvas, type, quality) => new Promise((resolve, reject) => {
  canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), type, quality);
});
