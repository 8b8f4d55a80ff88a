// Writes numbered lines as fast as it can, in pieces that end anywhere, and rotates its file every so many bytes: what the tests of
// followed files read. Arguments: path, lines, bytes of a file, and how it rotates.

import { closeSync, copyFileSync, existsSync, ftruncateSync, openSync, renameSync, writeSync } from 'node:fs';

const [path, lines, fileBytes, method] = process.argv.slice(2);
let descriptor = openSync(path, 'a');
let written = 0;
let rest = '';

for (let line = 0; line < Number(lines); ) {
  let text = rest;
  for (let i = 0; i < 200 && line < Number(lines); i++) text += `${line++} ${'x'.repeat(line % 40)}\n`;
  const isLast = line === Number(lines) || written > Number(fileBytes);
  const cut = isLast ? text.length : text.length - (line % 30);
  rest = text.slice(cut);
  writeSync(descriptor, text.slice(0, cut));
  written += cut;
  if (!isLast) continue;
  written = 0;
  rotate();
}

function rotate() {
  let count = 1;
  while (existsSync(`${path}.${count}`)) count++;
  for (let i = count; i > 1; i--) renameSync(`${path}.${i - 1}`, `${path}.${i}`);
  if (method === 'rename') {
    renameSync(path, `${path}.1`);
    closeSync(descriptor);
    descriptor = openSync(path, 'a');
  } else {
    copyFileSync(path, `${path}.1`);
    ftruncateSync(descriptor);
  }
}
