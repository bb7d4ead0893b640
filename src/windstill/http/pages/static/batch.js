/** Several photos at once: each is animated in turn, with the same choices. */

import { finished } from './api.js';
import { openPhoto } from './photo.js';
import { token } from './token.js';

/** Animates the tray's waiting photos. fields: the choices. Raises what ends all of it: a wrong key, say. */
export async function animateAll(api, tray, fields, limits) {
  for (const item of tray.waiting.reverse()) {
    await tray.change(item, { state: 'working' });
    try {
      await tray.change(item, await animated(api, item.photo, fields, limits));
    } catch (error) {
      await tray.change(item, { state: error.status === 401 ? 'waiting' : 'failed' });
      if (error.status === 401) throw error;
    }
  }
}

async function animated(api, file, fields, limits) {
  const photo = await openPhoto(file, limits);
  const form = new FormData();
  form.append('image', photo.blob, photo.name);
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  const asked = await api.animate(form, token());
  const animation = finished(asked) ? asked : await api.follow(asked, () => {});
  if (animation.state !== 'succeeded') throw new Error(animation.error?.detail ?? animation.state);
  return { state: 'done', id: animation.id, fields, drawn: [], frame: null, expires: Date.parse(animation.expires_at) };
}
