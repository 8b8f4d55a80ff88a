/** The files that the benchmarks read, made on demand in `benchmarks/data/` by `examples/generate.mjs` and `generators/`. */
import { existsSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { accessLogChunks, textChunks, writeChunks } from '../../examples/generate.mjs';

const seed = 1;

/**
 * @typedef {object} DataFile
 * @property {string} path
 * @property {(path: string) => unknown} write makes it, under another name at first
 */

/**
 * @param {number} megabytes
 * @returns {DataFile}
 */
export function textFile(megabytes) {
  return dataFile(`text-${megabytes}mb.txt`, (seed) => textChunks({ bytes: megabytes * 1e6, seed }));
}

/**
 * @param {number} lines of about 220 bytes
 * @returns {DataFile}
 */
export function accessLog(lines) {
  return dataFile(`access-${lines}.log`, (seed) => accessLogChunks({ lines, seed }));
}

/**
 * @param {string} name in `benchmarks/data/`
 * @param {(seed: number) => Iterable<Uint8Array>} generate
 * @returns {DataFile}
 */
export function dataFile(name, generate) {
  return { path: fileURLToPath(new URL(`../data/${name}`, import.meta.url)), write: (path) => writeChunks(path, generate(seed)) };
}

/**
 * Makes the file where it does not exist: under another name until it is complete.
 *
 * @param {DataFile} file
 */
export async function provide({ path, write }) {
  if (existsSync(path)) return;
  const part = `${path}.${process.pid}.part`;
  await write(part);
  renameSync(part, path);
}
