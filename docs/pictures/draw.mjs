/** Draws the pictures of the documentation: `node docs/pictures/draw.mjs`. With `--check` it says which are not up to date. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { checkpointPicture } from './checkpoints.mjs';
import { watermarksPicture } from './watermarks.mjs';
import { latenessPicture, mergingPicture, sessionPicture, slidingPicture, tumblingPicture } from './windows.mjs';

const pictures = {
  'checkpoint.svg': checkpointPicture(),
  'watermarks.svg': watermarksPicture(),
  'windows-tumbling.svg': tumblingPicture(),
  'windows-sliding.svg': slidingPicture(),
  'windows-session.svg': sessionPicture(),
  'windows-merging.svg': mergingPicture(),
  'windows-lateness.svg': latenessPicture(),
};

const isCheck = process.argv.includes('--check');
for (const [name, picture] of Object.entries(pictures)) {
  const file = new URL(name, import.meta.url);
  const isSame = existsSync(file) && readFileSync(file, 'utf8') === picture;
  if (!isCheck) writeFileSync(file, picture);
  else if (!isSame) {
    process.exitCode = 1;
    process.stdout.write(`${name} is not what draw.mjs draws\n`);
  }
}
