/** Which language the page speaks, and putting its texts in place. */

import { LANGUAGES, MESSAGES } from './messages.js';

const STORED = 'windstill.language';
let current = 'en';
const listeners = [];

export const language = () => current;
/** How numbers and dates are written: as the browser's own region does, if it speaks the page's language. */
export const region = () => navigator.languages.find((tag) => tag.slice(0, 2) === current) ?? current;
export const onLanguage = (listener) => listeners.push(listener);

/** The text for `key`, with {names} filled in; a key without a text is shown as it is. */
export function t(key, values = {}) {
  const text = MESSAGES[current][key] ?? MESSAGES.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

export const has = (key) => key in MESSAGES.en;

/** The stored choice, else the first language of the browser that the page speaks. */
export function preferredLanguage() {
  const wanted = [localStorage.getItem(STORED), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find((name) => name in LANGUAGES) ?? 'en';
}

export function setLanguage(name, { remember = false } = {}) {
  current = name in LANGUAGES ? name : 'en';
  if (remember) localStorage.setItem(STORED, current);
  document.documentElement.lang = current;
  for (const element of document.querySelectorAll('[data-t]')) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll('[data-t-label]')) element.setAttribute('aria-label', t(element.dataset.tLabel));
  for (const listener of listeners) listener();
}

export const percent = (part) => new Intl.NumberFormat(region(), { style: 'percent', maximumFractionDigits: part < 0.01 ? 1 : 0 }).format(part);

export function bytes(count) {
  const [size, unit] = count >= 1e6 ? [count / 1e6, 'megabyte'] : [count / 1e3, 'kilobyte'];
  return new Intl.NumberFormat(region(), { style: 'unit', unit, maximumFractionDigits: size < 10 ? 1 : 0 }).format(size);
}

export const clock = (date) => new Intl.DateTimeFormat(region(), { dateStyle: 'medium', timeStyle: 'short' }).format(date);

/** "in 5 hours", of a moment to come. */
export function timeLeft(date) {
  const seconds = (date - Date.now()) / 1000;
  const [count, unit] = seconds >= 5400 ? [seconds / 3600, 'hour'] : seconds >= 90 ? [seconds / 60, 'minute'] : [seconds, 'second'];
  return new Intl.RelativeTimeFormat(region(), { numeric: 'always' }).format(Math.round(count), unit);
}
