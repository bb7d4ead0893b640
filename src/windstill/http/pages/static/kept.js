/**
 * The work in hand, kept by the browser: it is there again after a reload, on the way back, and
 * behind the brand's link. Each tab has its own; nothing of it is older than a day.
 */

const TAB = 'windstill.tab';
const STORE = 'work';
const DAY_MS = 24 * 3600 * 1000;

let failed = false;

/** Whether the browser keeps nothing, in a private window say. */
export const keepsNothing = () => failed;

/** Begins with a new photo, or adds to what is kept of the present one. */
export function keep(part) {
  return change((before) => ({ ...(part.photo ? {} : before), ...part, at: Date.now() }));
}

/** What is kept in this tab, or null. */
export async function kept() {
  try {
    const store = await opened('readwrite');
    for (const key of await result(store.getAllKeys())) {
      const work = await result(store.get(key));
      if (!(work?.at > Date.now() - DAY_MS)) store.delete(key);
    }
    return (await result(store.get(tab()))) ?? null;
  } catch {
    failed = true;
    return null;
  }
}

async function change(update) {
  try {
    const store = await opened('readwrite');
    const before = await result(store.get(tab()));
    await result(store.put(update(before ?? {}), tab()));
    failed = false;
  } catch {
    failed = true;
  }
}

function tab() {
  let name = sessionStorage.getItem(TAB);
  if (!name) {
    name = String(crypto.getRandomValues(new Uint32Array(1))[0]);
    sessionStorage.setItem(TAB, name);
  }
  return name;
}

async function opened(mode) {
  const request = indexedDB.open('windstill', 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  const database = await result(request);
  const transaction = database.transaction(STORE, mode);
  transaction.oncomplete = () => database.close();
  transaction.onabort = () => database.close();
  return transaction.objectStore(STORE);
}

const result = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
