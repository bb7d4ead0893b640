/**
 * What the browser keeps. The work in hand is there again after a reload, on the way back, and
 * behind the brand's link; each tab has its own, for a day. Loops are kept until their links end.
 */

const TAB = 'windstill.tab';
const WORK = 'work';
const LOOPS = 'loops';
const MOST_LOOPS = 24;
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
    const store = await opened(WORK);
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

/** Keeps a loop: {id, name, photo, thumb, fields, drawn, frame, expires}, until its link ends. */
export async function keepLoop(loop) {
  try {
    const store = await opened(LOOPS);
    await result(store.put({ ...loop, at: Date.now() }, loop.id));
  } catch {
    // It stays in the page's list as long as the page does.
  }
}

/** The loops whose links still work, the oldest first; all others are forgotten. */
export async function keptLoops() {
  try {
    const store = await opened(LOOPS);
    const found = (await result(store.getAll())).sort((a, b) => a.at - b.at);
    const good = found.filter((loop) => loop.expires > Date.now()).slice(-MOST_LOOPS);
    for (const loop of found) if (!good.includes(loop)) store.delete(loop.id);
    return good;
  } catch {
    return [];
  }
}

async function change(update) {
  try {
    const store = await opened(WORK);
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

async function opened(name) {
  const request = indexedDB.open('windstill', 2);
  request.onupgradeneeded = () => {
    const { result: database } = request;
    for (const store of [WORK, LOOPS]) if (!database.objectStoreNames.contains(store)) database.createObjectStore(store);
  };
  const database = await result(request);
  database.onversionchange = () => database.close();
  const transaction = database.transaction(name, 'readwrite');
  transaction.oncomplete = () => database.close();
  transaction.onabort = () => database.close();
  return transaction.objectStore(name);
}

const result = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
