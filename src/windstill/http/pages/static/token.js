/** A word that nobody else has; crypto.randomUUID is not there over plain HTTP. */
export function token() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
