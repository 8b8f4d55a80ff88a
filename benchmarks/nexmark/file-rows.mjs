/** The rows that a query has written into files. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Checksum, totalOf } from '../runner/checksum.mjs';

/**
 * The checksum of the lines of CSV files in a directory and those below it, with their directories; each file has a header.
 *
 * @param {string} directory
 */
export function checksumOfFiles(directory) {
  const sum = new Checksum();
  for (const path of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.csv')) continue;
    const [, ...lines] = readFileSync(join(directory, path), 'utf8').trimEnd().split('\n');
    for (const line of lines) sum.add({ directory: dirname(path), line });
  }
  return totalOf([sum.parts]);
}
