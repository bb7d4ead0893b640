// Animates a photo with Node's own fetch: node animate.mjs PHOTO OUTPUT
// BASE_URL and API_KEY come from the environment.
import { readFile, writeFile } from "node:fs/promises";

const [photo, output] = process.argv.slice(2);
const { BASE_URL, API_KEY } = process.env;

const form = new FormData();
form.append("image", new Blob([await readFile(photo)]), "photo.jpg");
form.append("operation", "11");

const response = await fetch(`${BASE_URL}/api/image/effects/image-fine-tuning`, {
  method: "POST",
  headers: { "ailabapi-api-key": API_KEY },
  body: form, // sets the Content-Type with its boundary by itself
});

const answer = await response.json();
if (answer.error_code !== 0) {
  console.error(`refused: ${answer.error_detail.code}: ${answer.error_detail.message}`);
  process.exit(1);
}

const video = await fetch(answer.data.url);
await writeFile(output, Buffer.from(await video.arrayBuffer()));
