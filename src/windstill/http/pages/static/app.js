/** The page: photos come in here, and errors come out. */

import { Api } from './api.js';
import { animateAll } from './batch.js';
import { $, show } from './dom.js';
import { handedPath, handedPhoto } from './handed.js';
import { keep, kept } from './kept.js';
import { askKey, knownKey } from './key.js';
import { has, language, preferredLanguage, setLanguage, t } from './language.js';
import { LANGUAGES } from './messages.js';
import { openPhoto, picturesIn } from './photo.js';
import { hideProblem, keyProblem, showProblem } from './problem.js';
import { Studio } from './studio.js';
import { Tray } from './tray.js';
import { play, startWelcome } from './welcome.js';

const handed = handedPath();
let key = knownKey();
let limits = {};
const api = new Api(() => key);
const tray = new Tray({ onOpen: openItem, onAll: () => guarded(() => animateAll(api, tray, studio.fields, limits)) });
const studio = new Studio(api, guarded, (file, loop) => tray.change(tray.itemOf(file), { ...loop, state: 'done' }));

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
    const photo = { ...(await openPhoto(file, limits)), file };
    document.body.classList.remove('opening');
    show($('welcome'), false);
    play(false);
    show($('studio'));
    $('studio-title').focus({ preventScroll: true });
    scrollTo({ top: 0 });
    keep({ photo: file, name: file.name, ...before });
    await studio.open(photo, before);
  } catch (error) {
    report(error, null);
  } finally {
    document.body.classList.remove('opening');
  }
}

/** Opens the first of several photos; all of them wait in the tray. */
function openAll(files) {
  if (files.length > 1) for (const file of [...files].reverse()) tray.add(file);
  if (files.length) open(files[0]);
}

/** Opens what the tray has: a photo that waits, or one with its loop. */
function openItem({ photo, name, state, id, fields, drawn, frame }) {
  const file = photo instanceof File ? photo : new File([photo], name, { type: photo.type });
  open(file, state === 'done' ? { frame, asked: { id, fields, drawn } } : null);
}

function listenForPhotos() {
  const touch = navigator.maxTouchPoints > 0;
  show($('camera'), touch);
  if (touch) $('drop-words').dataset.t = 'welcome.caption';
  for (const [button, input] of [['choose', 'file'], ['camera', 'file-camera'], ['another', 'file']]) {
    $(button).onclick = () => $(input).click();
    $(input).onchange = () => {
      const files = [...$(input).files];
      $(input).value = '';
      openAll(files);
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
    openAll(picturesIn(event.dataTransfer));
  });
  addEventListener('paste', (event) => {
    openAll(picturesIn(event.clipboardData));
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
startWelcome(open, guarded);
tray.load();
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
  if (studio.atRisk || tray.busy || tray.waiting.length > 1) event.preventDefault();
});
