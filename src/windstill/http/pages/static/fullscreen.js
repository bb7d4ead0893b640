/** The loop over the whole screen. */

import { $, show } from './dom.js';

// Telephones of Apple give the whole screen to a film only.
const film = () => $('loop').querySelector('video');
const possible = () => Boolean($('stage').requestFullscreen || film()?.webkitEnterFullscreen);

export function offerFullScreen(offered) {
  show($('full'), offered && possible());
  $('full').onclick = enter;
}

function enter() {
  if ($('stage').requestFullscreen) $('stage').requestFullscreen().catch(() => {});
  else film()?.webkitEnterFullscreen();
}
