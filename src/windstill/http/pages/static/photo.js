/** From what a person chose, dropped or pasted to a photo that the service takes. */

import { asBlob, sheet } from './dom.js';

const DEFAULTS = { bytes: 20 * 2 ** 20, min_side: 16, max_side: 8192, pixels: 40e6, formats: ['JPEG', 'PNG'] };
const QUALITY = 0.93;
// Bytes that a pixel of a good JPEG needs at most, to guess how far a file must shrink.
const BYTES_PER_PIXEL = 1;

/** A photo that can't be used; `code` names the text that says why. */
export class PhotoError extends Error {
  constructor(code, values = {}) {
    super(code);
    Object.assign(this, { code, values });
  }
}

/**
 * Opens a file: {blob, name, bitmap, width, height, was}. `was` is the size before it was made
 * smaller, or null. `given` are the service's limits of photos. What the browser can't decode, but
 * the service may, comes without a bitmap and sizes. Raises PhotoError.
 */
export async function openPhoto(file, given = {}) {
  const limits = { ...DEFAULTS, ...given };
  if (file.size === 0) throw new PhotoError('empty_photo');
  const bitmap = await decoded(file);
  if (!bitmap) {
    if (file.size > limits.bytes) throw new PhotoError('file_too_large');
    return { blob: file, name: file.name || 'photo', bitmap: null, width: 3, height: 2, was: null };
  }
  const { width, height } = bitmap;
  const scale = Math.min(1, limits.max_side / Math.max(width, height), Math.sqrt(limits.pixels / (width * height)));
  if (Math.min(width, height) < limits.min_side) throw new PhotoError('photo_too_small', { least: limits.min_side });
  if (Math.min(width, height) * scale < limits.min_side) throw new PhotoError('too_narrow');
  const name = file.name || 'photo.jpg';
  if (scale === 1 && file.size <= limits.bytes && accepted(file, limits.formats)) {
    return { blob: file, name, bitmap, width, height, was: null };
  }
  return { name, ...(await smaller(bitmap, scale, limits)) };
}

async function decoded(file) {
  try {
    return await createImageBitmap(file);
  } catch {
    const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
    const starts = (magic, from = 0) => magic.every((byte, at) => head[from + at] === byte);
    // HEIC, AVIF and bitmaps of rare kinds are the service's to decode.
    if (starts([0x66, 0x74, 0x79, 0x70], 4) || starts([0x42, 0x4d])) return null;
    if ([[0xff, 0xd8], [0x89, 0x50], [0x52, 0x49]].some((magic) => starts(magic))) throw new PhotoError('corrupt_photo');
    throw new PhotoError(file.type.startsWith('image/') ? 'unsupported_format' : 'not_a_photo');
  }
}

/** The photo as the service decoded it, to be shown; what is sent stays the file itself. */
export async function shownBy(blob, photo, { photo_width: width, photo_height: height }) {
  return { ...photo, shown: blob, bitmap: await createImageBitmap(blob), width, height };
}

const accepted = (file, formats) => formats.some((format) => file.type === `image/${format.toLowerCase()}`);

async function smaller(bitmap, start, limits) {
  const was = { width: bitmap.width, height: bitmap.height };
  let scale = Math.min(start, Math.sqrt(limits.bytes / BYTES_PER_PIXEL / (was.width * was.height)));
  for (let attempt = 0; attempt < 4; attempt += 1, scale *= 0.7) {
    const width = Math.max(limits.min_side, Math.floor(was.width * scale));
    const height = Math.max(limits.min_side, Math.floor(was.height * scale));
    const [canvas, context] = sheet(width, height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, width, height);
    const blob = await asBlob(canvas, 'image/jpeg', QUALITY);
    if (blob.size <= limits.bytes) {
      return { blob, bitmap: await createImageBitmap(canvas), width, height, was: scale < 1 ? was : null };
    }
  }
  throw new PhotoError('file_too_large');
}

/** The pictures among what was dropped or pasted; without any, the first file, to say what it is. */
export function picturesIn(transfer) {
  const files = [...(transfer?.files ?? [])];
  const pictures = files.filter((file) => file.type.startsWith('image/'));
  return pictures.length ? pictures : files.slice(0, 1);
}
