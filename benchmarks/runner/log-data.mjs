/** The files that the questions about logs are asked of, made on demand in `benchmarks/data/` like all the others. */
import { combinedLogChunks } from '../generators/combined-log.mjs';
import { jsonLinesChunks } from '../generators/json-lines.mjs';
import { measurementsChunks } from '../generators/measurements.mjs';
import { dataFile } from './data.mjs';

/**
 * @param {number} megabytes
 * @returns {import('./data.mjs').DataFile}
 */
export function combinedLogFile(megabytes) {
  return dataFile(`combined-${megabytes}mb.log`, (seed) => combinedLogChunks({ bytes: megabytes * 1e6, seed }));
}

/**
 * @param {number} megabytes
 * @returns {import('./data.mjs').DataFile}
 */
export function jsonLinesFile(megabytes) {
  return dataFile(`requests-${megabytes}mb.ndjson`, (seed) => jsonLinesChunks({ bytes: megabytes * 1e6, seed }));
}

/**
 * @param {number} megabytes
 * @returns {import('./data.mjs').DataFile}
 */
export function measurementsFile(megabytes) {
  return dataFile(`measurements-${megabytes}mb.txt`, (seed) => measurementsChunks({ bytes: megabytes * 1e6, seed }));
}
