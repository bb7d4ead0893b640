/** The same request as a program makes it. The key stays out of it. */

const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/** `fields`: the options sent; `mattes`: the elements whose drawn areas go along. */
export function asCurl(service, fields, mattes) {
  const parts = [
    ...Object.entries(fields).map(([name, value]) => `-F ${name}=${/^[\w.-]+$/.test(value) ? value : quoted(value)}`),
    ...mattes.map((element) => `-F ${element}_matte=@${element}.png`),
  ];
  return [
    '# prints the animation; its result.url is the loop',
    'curl -H "Authorization: Bearer $WINDSTILL_KEY" -H "Prefer: wait=30" \\',
    `  -F image=@photo.jpg ${parts.join(' ')} \\`,
    `  ${service}v1/animations`,
  ].join('\n');
}

/** The same in Python; `extension` of the result, without its dot. */
export function asPython(service, fields, mattes, extension) {
  const options = Object.entries(fields).map(([name, value]) => `"${name}": ${JSON.stringify(String(value))}`).join(', ');
  const files = ['"image": open("photo.jpg", "rb")', ...mattes.map((element) => `"${element}_matte": open("${element}.png", "rb")`)].join(', ');
  return `import os
import time

import requests

service = "${service}v1/animations"
headers = {"Authorization": f"Bearer {os.environ['WINDSTILL_KEY']}"}
files = {${files}}
options = {${options}}

loop = requests.post(service, headers=headers, files=files, data=options).json()
while loop["state"] in ("queued", "running"):
    time.sleep(1)
    loop = requests.get(f"{service}/{loop['id']}", headers=headers).json()

with open("loop.${extension}", "wb") as file:
    file.write(requests.get(loop["result"]["url"]).content)
`;
}
