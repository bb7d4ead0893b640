/** Where a loop's photo and motion come from: the network, the page itself, or a disk. */

/**
 * What lies at an address: {motion: ArrayBuffer, photo: an address, where the page's own picture
 * can't be read}.
 * @param {URL} address
 */
export async function loadSource(address) {
  if (address.protocol === "data:") return { motion: decoded(address.href) };
  if (address.protocol === "file:") return loadScript(`${address.href}.js`);
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return { motion: await response.arrayBuffer() };
}

/** A photo as data. @param {string | HTMLImageElement | null} source */
export async function loadPhoto(source) {
  if (!source) throw new Error("there is no <img> in it");
  let image = source;
  const address = source.currentSrc || source.src || source;
  const { protocol, origin } = new URL(address, document.baseURI);
  const own = protocol === "data:" || protocol === "blob:" || origin === location.origin;
  if (typeof source === "string" || !(own || source.crossOrigin !== null)) {
    // Another host's picture can only be read if it was asked for with CORS.
    image = new Image();
    image.crossOrigin = "anonymous";
    image.src = address;
  }
  await image.decode();
  return createImageBitmap(image, { colorSpaceConversion: "none" });
}

/**
 * Pages that are opened from a disk may read no other file, but they may run scripts: this one
 * keeps {photo, motion}, data addresses, under its own in `windstillLoops`.
 */
async function loadScript(address) {
  globalThis.windstillLoops ??= new Map();
  if (!windstillLoops.has(address)) {
    await new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${address} can't be read`));
      script.src = address;
      document.head.append(script);
    });
  }
  const { photo, motion } = windstillLoops.get(address);
  return { photo, motion: decoded(motion) };
}

/** The bytes of a data address in base64. */
function decoded(address) {
  const text = atob(address.slice(address.indexOf(",") + 1));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer;
}
