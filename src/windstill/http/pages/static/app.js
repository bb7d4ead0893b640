/** The page: photos come in here, and errors come out. */

import { Api } from './api.js';
import { $, show } from './dom.js';
import { handedPath, handedPhoto } from './handed.js';
import { keep, kept } from './kept.js';
import { askKey, knownKey } from './key.js';
import { has, language, preferredLanguage, setLanguage, t } from './language.js';
import { LANGUAGES } from './messages.js';
import { openPhoto, pictureIn } from './photo.js';
import { hideProblem, keyProblem, showProblem } from './problem.js';
import { Studio } from './studio.js';

const handed = handedPath();
let key = knownKey();
let limits = {};
const api = new Api(() => key);
const studio = new Studio(api, guarded);

/** Runs `work`; with another key once more where the key was wrong. */
async function guarded(work) {
  hideProblem();
  try {
    if (!key) key = await askKey();
    if (!key) throw Object.assign(new Error(''), { code: 'unknown_key', asked: true });
    await work();
  } catch (error) {
    if (keyProblem(error) && !error.asked) {
      const other = await askKey(key ? `key.${error.code === 'revoked_key' ? 'revoked' : 'wrong'}` : '');
      if (other) {
        key = other;
        await guarded(work);
        return;
      }
    }
    report(error, () => guarded(work));
  }
}

function report(error, retry) {
  if (!error.code) console.error(error);
  const inStudio = !$('studio').hidden;
  show($('looking'), false);
  const place = inStudio ? document.querySelector('.panel') : document.querySelector('.words');
  showProblem(error, place, { choose: () => $('file').click(), retry });
}

/** before: what was kept of the work on this photo. */
async function open(file, before = null) {
  hideProblem();
  document.body.classList.add('opening');
  try {
    const photo = await openPhoto(file, limits);
    document.body.classList.remove('opening');
    show($('welcome'), false);
    show($('studio'));
    $('studio-title').focus({ preventScroll: true });
    scrollTo({ top: 0 });
    if (!before) keep({ photo: file, name: file.name });
    await studio.open(photo, before);
  } catch (error) {
    report(error, null);
  } finally {
    document.body.classList.remove('opening');
  }
}

function listenForPhotos() {
  const touch = navigator.maxTouchPoints > 0;
  show($('camera'), touch);
  if (touch) $('drop-words').dataset.t = 'welcome.caption';
  $('print').onclick = () => $('file').click();
  for (const [button, input] of [['choose', 'file'], ['camera', 'file-camera'], ['another', 'file']]) {
    $(button).onclick = () => $(input).click();
    $(input).onchange = () => {
      const [file] = $(input).files;
      $(input).value = '';
      if (file) open(file);
    };
  }
  let depth = 0;
  const dropping = (now) => {
    depth = now;
    show($('dropping'), depth > 0);
  };
  addEventListener('dragenter', () => dropping(depth + 1));
  addEventListener('dragleave', () => dropping(Math.max(0, depth - 1)));
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    dropping(0);
    const file = pictureIn(event.dataTransfer);
    if (file) open(file);
  });
  addEventListener('paste', (event) => {
    const file = pictureIn(event.clipboardData);
    if (file) open(file);
  });
}

function listenForLanguage() {
  for (const [name, label] of Object.entries(LANGUAGES)) $('language').add(new Option(label, name));
  $('language').onchange = () => setLanguage($('language').value, { remember: true });
  setLanguage(preferredLanguage());
  $('language').value = language();
}

async function learnLimits() {
  const formats = ['mp4', 'webm', 'gif', 'webp', 'avi'];
  const about = await api.options().catch(() => ({}));
  limits = about.limits?.image ?? {};
  for (const name of Object.keys(about.formats ?? {})) if (!formats.includes(name)) formats.push(name);
  for (const name of formats) $('format').add(new Option(has(`format.${name}`) ? t(`format.${name}`) : name, name));
}

$('key-button').onclick = async () => { key = (await askKey()) || key; };
listenForPhotos();
listenForLanguage();
learnLimits().then(async () => {
  const photo = handed && await handedPhoto(handed);
  if (photo) {
    open(photo);
    return;
  }
  const before = await kept();
  // Somebody may have been quicker with another photo.
  if (before?.photo && $('studio').hidden) open(new File([before.photo], before.name, { type: before.photo.type }), before);
});
addEventListener('beforeunload', (event) => {
  if (studio.atRisk) event.preventDefault();
});
