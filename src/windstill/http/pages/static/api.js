/** The native API, as far as the page needs it. */

import { readEvents } from './events.js';

const POLL_MS = 700;
// A service that restarts is asked again, less and less often, for about ten minutes.
const LONGEST_MS = 15000;
const MISSES = 45;
const FINAL = new Set(['succeeded', 'failed', 'cancelled', 'expired']);

/** A refusal or failure; `code` is one of the stable codes, or 'offline'. */
export class ApiError extends Error {
  constructor({ code = 'internal_error', status = 0, detail = '', title = '', field = null, retry_after: retryAfter = null } = {}) {
    super(detail || title || code);
    Object.assign(this, { code, status, field, retryAfter });
  }
}

/** Whether an address is one of this page's own origin; results may lie elsewhere. */
export const isOwn = (address) => new URL(address, document.baseURI).origin === location.origin;

export const finished = (animation) => FINAL.has(animation.state);

export class Api {
  #key;

  /** `key` is a function, as the key may change while the page is open. */
  constructor(key) {
    this.#key = key;
  }

  get headers() {
    return { Authorization: `Bearer ${this.#key()}` };
  }

  options() {
    return this.#json('v1/options');
  }

  /** onSent(part): called with the part of the photo that was sent, 0 to 1. */
  preview(form, signal, onSent) {
    return this.#upload('v1/previews', form, { signal, onSent });
  }

  /** Asks for an animation; equal requests with the same `token` make one. */
  animate(form, token, signal, onSent) {
    return this.#upload('v1/animations', form, { signal, onSent, headers: { 'Idempotency-Key': token } });
  }

  animation(id, signal) {
    return this.#json(`v1/animations/${encodeURIComponent(id)}`, { signal });
  }

  cancel(id) {
    return this.#json(`v1/animations/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }

  async blob(url, signal) {
    return (await this.#send(url, { signal })).blob();
  }

  /**
   * Follows an animation to its end by events, or by asking again and again where these fail. While
   * the service is away, `onProgress` is told {state: 'away'}; it never starts another animation.
   */
  async follow(animation, onProgress, signal) {
    try {
      const last = await this.#listen(animation.id, onProgress, signal);
      if (last) return last;
    } catch (error) {
      if (signal?.aborted) throw error;
    }
    return this.#poll(animation.id, onProgress, signal);
  }

  async #listen(id, onProgress, signal) {
    const response = await this.#send(`v1/animations/${encodeURIComponent(id)}/events`, { signal, headers: { Accept: 'text/event-stream' } });
    for await (const { event, data } of readEvents(response.body)) {
      if (event === 'done') return JSON.parse(data);
      if (event === 'progress') onProgress(JSON.parse(data));
    }
    return null;
  }

  async #poll(id, onProgress, signal) {
    for (let missed = 0; ;) {
      try {
        const animation = await this.animation(id, signal);
        if (finished(animation)) return animation;
        missed = 0;
        onProgress(animation);
      } catch (error) {
        if (signal?.aborted || !passing(error) || missed >= MISSES) throw error;
        missed += 1;
        onProgress({ state: 'away', stage: null, fraction: 0 });
      }
      await new Promise((resolve) => { setTimeout(resolve, Math.min(LONGEST_MS, POLL_MS * 2 ** missed)); });
      signal?.throwIfAborted();
    }
  }

  /** Sends a form; fetch() can't tell how much of it has gone. */
  #upload(path, form, { headers = {}, signal, onSent = () => {} }) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const request = new XMLHttpRequest();
      request.open('POST', path);
      for (const [name, value] of Object.entries({ ...this.headers, ...headers })) request.setRequestHeader(name, value);
      request.upload.onprogress = ({ loaded, total }) => onSent(total ? loaded / total : 0);
      request.upload.onload = () => onSent(1);
      request.onload = () => {
        const { status, responseText } = request;
        const answer = new Response(responseText, { status, headers: { 'retry-after': request.getResponseHeader('retry-after') ?? '' } });
        resolve(answer.ok ? answer.json() : problem(answer).then((error) => { throw error; }));
      };
      request.onerror = () => reject(new ApiError({ code: 'offline' }));
      request.onabort = () => reject(signal.reason);
      signal?.addEventListener('abort', () => request.abort(), { once: true });
      request.send(form);
    });
  }

  async #json(path, init) {
    return (await this.#send(path, init)).json();
  }

  async #send(path, { headers = {}, ...init } = {}) {
    let response;
    try {
      // A signed link to another host needs no key, and must not get it.
      response = await fetch(path, { ...init, headers: isOwn(path) ? { ...this.headers, ...headers } : headers });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      if (isOwn(path)) throw new ApiError({ code: 'offline' });
      throw new ApiError({ code: 'files_unreachable', detail: new URL(path, document.baseURI).origin });
    }
    if (response.ok) return response;
    throw await problem(response);
  }
}

/** Whether it may be gone by itself in a while: no connection, or a service or proxy that restarts. */
const passing = ({ code, status }) => code === 'offline' || status === 429 || status >= 500;

async function problem(response) {
  const retry = Number(response.headers.get('retry-after'));
  const said = await response.json().catch(() => ({}));
  const code = said.code ?? (response.status === 401 ? 'unknown_key' : undefined);
  return new ApiError({ ...said, code, status: response.status, retry_after: retry || null });
}
