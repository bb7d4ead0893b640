/** The photo that `windstill preview` hands to the page: #photo=/path/name.jpg, good for one look. */

/** The path in the address, if it is one of this very service, else ''. Before the key is taken out. */
export function handedPath() {
  const path = new URLSearchParams(location.hash.slice(1)).get('photo') ?? '';
  return path.startsWith('/preview-photo/') ? path : '';
}

/** The photo as a File, or null where it was taken already (the page was loaded again). */
export async function handedPhoto(path) {
  const answer = await fetch(path);
  if (!answer.ok) return null;
  const blob = await answer.blob();
  return new File([blob], decodeURIComponent(path.split('/').pop()), { type: blob.type });
}
