/** The files that the benchmarks read, made on demand in `benchmarks/data/` by `examples/generate.mjs` and `generators/`. */
import { createReadStream, existsSync, mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accessLogChunks, textChunks, writeChunks } from '../../examples/generate.mjs';

const seed = 1;

/**
 * @typedef {object} DataFile
 * @property {string} path
 * @property {(path: string) => unknown} write makes it, under another name at first
 * @property {{ readonly file: DataFile, readonly times: number }} [repeats] where the path stands for one file many times over
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
 * One file many times over, for as much to read as no disk need hold: the path is a glob of links.
 *
 * @param {DataFile} file
 * @param {number} times
 * @returns {DataFile}
 */
export function repeated(file, times) {
  return { ...file, path: join(`${file.path}-${times}-times`, '*.log'), repeats: { file, times } };
}

/**
 * Makes the file where it does not exist, under another name until it is complete; and reads it, so that whoever does so first does not
 * have to wait for the disk where the others need not.
 *
 * @param {DataFile} file
 */
export async function provide({ path, write, repeats }) {
  if (repeats !== undefined) {
    await provide(repeats.file);
    link(dirname(path), repeats);
    return;
  }
  if (!existsSync(path)) {
    const part = `${path}.${process.pid}.part`;
    await write(part);
    renameSync(part, path);
  }
  for await (const _ of createReadStream(path, { highWaterMark: 1 << 20 }));
}

/**
 * @param {string} directory
 * @param {NonNullable<DataFile['repeats']>} repeats
 */
function link(directory, { file, times }) {
  mkdirSync(directory, { recursive: true });
  for (let i = 1; i <= times; i++) {
    const name = join(directory, `part-${String(i).padStart(3, '0')}.log`);
    if (!existsSync(name)) symlinkSync(file.path, name);
  }
}
