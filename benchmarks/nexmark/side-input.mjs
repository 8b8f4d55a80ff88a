/** The side input of q13: a file of 10,000 lines, `i,i`. It is made where it is not there. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const lines = 10_000;

/** @returns {string} its path */
export function sideInputFile() {
  const file = fileURLToPath(new URL('../data/nexmark-side-input.csv', import.meta.url));
  if (existsSync(file)) return file;
  mkdirSync(dirname(file), { recursive: true });
  // Under another name first: somebody else may be reading it.
  const whole = `${file}.${process.pid}`;
  writeFileSync(whole, Array.from({ length: lines }, (_, i) => `${i},${i}\n`).join(''));
  renameSync(whole, file);
  return file;
}
