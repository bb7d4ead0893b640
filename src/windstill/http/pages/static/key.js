/** The key: from the address, from where it was kept, or asked for. */

import { $, show } from './dom.js';
import { t } from './language.js';

const STORED = 'windstill.key';

/** The key in #key=…, which is then taken out of the address, else the kept one, else ''. */
export function knownKey() {
  const given = new URLSearchParams(location.hash.slice(1)).get('key');
  if (given) {
    sessionStorage.setItem(STORED, given);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return given ?? sessionStorage.getItem(STORED) ?? localStorage.getItem(STORED) ?? '';
}

function keep(key, remember) {
  sessionStorage.setItem(STORED, key);
  if (remember) localStorage.setItem(STORED, key);
  else localStorage.removeItem(STORED);
}

/** Asks for a key. Resolves with it, or with '' when the question was closed. */
export function askKey(wrong = '') {
  const dialog = $('key-dialog');
  $('key-wrong').textContent = wrong && t(wrong);
  show($('key-wrong'), Boolean(wrong));
  $('key').value = '';
  $('key-remember').checked = localStorage.getItem(STORED) !== null;
  dialog.returnValue = '';
  dialog.showModal();
  $('key').focus();
  return new Promise((resolve) => {
    let answer = '';
    $('key-form').onsubmit = () => {
      answer = $('key').value.trim();
      if (answer) keep(answer, $('key-remember').checked);
    };
    $('key-cancel').onclick = () => dialog.close();
    dialog.onclose = () => resolve(answer);
  });
}
