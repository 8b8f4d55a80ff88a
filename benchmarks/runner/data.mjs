/** The files that the benchmarks read, made on demand in `benchmarks/data/` by `examples/generate.mjs`. */
import { existsSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { accessLogChunks, textChunks, writeChunks } from '../../examples/generate.mjs';

const seed = 1;

/**
 * @typedef {object} DataFile
 * @property {string} path
 * @property {() => Iterable<Uint8Array>} chunks what it holds
 */

/**
 * @param {number} megabytes
 * @returns {DataFile}
 */
export function textFile(megabytes) {
  return { path: pathOf(`text-${megabytes}mb.txt`), chunks: () => textChunks({ bytes: megabytes * 1e6, seed }) };
}

/**
 * @param {number} lines of about 220 bytes
 * @returns {DataFile}
 */
export function accessLog(lines) {
  return { path: pathOf(`access-${lines}.log`), chunks: () => accessLogChunks({ lines, seed }) };
}

/** @param {string} name */
function pathOf(name) {
  return fileURLToPath(new URL(`../data/${name}`, import.meta.url));
}

/**
 * Makes the file where it does not exist: under another name until it is complete.
 *
 * @param {DataFile} file
 */
export function provide({ path, chunks }) {
  if (existsSync(path)) return;
  const part = `${path}.${process.pid}.part`;
  writeChunks(part, chunks());
  renameSync(part, path);
}
