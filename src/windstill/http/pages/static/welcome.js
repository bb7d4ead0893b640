/** The welcome page: a loop beside its photo, and samples to try. */

import { $, reducedMotion, show } from './dom.js';
import { onLanguage, t } from './language.js';

const own = (name) => new URL(name, import.meta.url).href;

/** onSample(file): a sample was chosen. guarded(work): runs work, and shows what goes wrong. */
export function startWelcome(onSample, guarded) {
  for (const button of document.querySelectorAll('[data-sample]')) {
    button.onclick = () => guarded(async () => onSample(await sample(button.dataset.sample)));
  }
  $('hero-split').oninput = () => $('hero').style.setProperty('--part', String($('hero-split').value / 100));
  $('hero-play').onclick = () => play($('hero-loop').paused);
  onLanguage(writePlay);
  // The words come first; the loop is fetched when nothing else waits.
  if (document.readyState === 'complete') loadLoop();
  else addEventListener('load', loadLoop, { once: true });
}

/** Plays or stops the loop, which need not go on where nobody sees it. */
export function play(playing) {
  const loop = $('hero-loop');
  if (playing && !loop.hidden) loop.play().catch(() => {});
  else loop.pause();
  writePlay();
}

async function loadLoop() {
  if (navigator.connection?.saveData) return;
  const answer = await fetch(own('loop.mp4')).catch(() => null);
  if (!answer?.ok) return;
  const loop = $('hero-loop');
  // From a copy in memory, as some browsers play only what comes in pieces from a server.
  loop.src = URL.createObjectURL(await answer.blob());
  loop.onloadeddata = () => {
    show(loop);
    show($('hero-play'));
    play(!reducedMotion.matches && !$('welcome').hidden);
  };
}

function writePlay() {
  $('hero-play').textContent = t($('hero-loop').paused ? 'play.play' : 'play.pause');
  $('hero-play').classList.toggle('paused', $('hero-loop').paused);
}

async function sample(name) {
  const answer = await fetch(own(`samples/${name}.jpg`)).catch(() => null);
  if (!answer?.ok) throw Object.assign(new Error(''), { code: 'offline' });
  return new File([await answer.blob()], `${name}.jpg`, { type: 'image/jpeg' });
}
