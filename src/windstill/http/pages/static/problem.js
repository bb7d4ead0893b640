/** Errors in words a person understands, and what to do about them. */

import { $, show } from './dom.js';
import { has, onLanguage, t } from './language.js';

// Codes that mean the same to a person.
const SAME = {
  body_too_large: 'file_too_large', too_busy: 'queue_full', too_many_uploads: 'queue_full', refused: 'queue_full',
  no_answer_in_time: 'job_timeout', invalid_field: 'invalid_option', missing_field: 'empty_photo', empty_field: 'empty_photo',
  unreadable_photo: 'corrupt_photo', invalid_photo: 'corrupt_photo', slow_body: 'offline', broken_body: 'offline',
  key_refused: 'unknown_key', result_gone: 'unknown_job', blob_missing: 'unknown_job', expired: 'unknown_job', store_error: 'draining', storage_error: 'draining',
};
const ABOUT_PHOTO = new Set(['not_a_photo', 'unsupported_format', 'corrupt_photo', 'empty_photo', 'file_too_large', 'photo_too_small', 'photo_too_large', 'too_narrow', 'nothing_to_move']);

export const keyProblem = (error) => ['unknown_key', 'revoked_key', 'key_refused'].includes(error.code);

let shown = null;
onLanguage(() => { if (shown) write(); });

/** Shows what went wrong at the end of `place`. actions: {choose, retry}, what the button does. */
export function showProblem(error, place, actions) {
  shown = { error, actions };
  place.prepend($('problem'));
  write();
  show($('problem'));
  $('problem').scrollIntoView({ block: 'nearest' });
}

export function hideProblem() {
  shown = null;
  show($('problem'), false);
}

function write() {
  const { error, actions } = shown;
  const code = SAME[error.code] ?? error.code;
  const known = has(`error.${code}`) ? code : 'internal_error';
  const photo = ABOUT_PHOTO.has(known);
  $('problem-title').textContent = t(photo ? 'error.photo' : 'error.title');
  $('problem-text').textContent = t(`error.${known}`, { detail: error.message, ...error.values });
  const aboutKey = keyProblem(error);
  $('problem-action').textContent = t(photo ? 'error.choose' : aboutKey ? 'error.key' : 'error.retry');
  $('problem-action').onclick = photo ? actions.choose : actions.retry;
  show($('problem-action'), Boolean(photo ? actions.choose : actions.retry));
}
