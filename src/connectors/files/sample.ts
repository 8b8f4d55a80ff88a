/** The beginning of the first of the files that patterns match, for formats that must see it before the job is built. */

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve, sep } from 'node:path';
import { MillraceError } from '../../base/errors.ts';
import { failedOperation } from '../failed-operation.ts';
import { compressionOf, decompressFront } from './decompression.ts';

/** Files are mostly given by their names: globs are loaded where there is one. */
const require = createRequire(import.meta.url);

/** Bytes that are looked at: some hundred records. */
const sampleBytes = 64 * 1024;

export interface Sample {
  readonly bytes: Buffer;
  /** Whether it is the whole file. */
  readonly ended: boolean;
}

/** @throws MillraceError SOURCE_FAILED where there is no file, or none that can be read */
export function sampleOf(patterns: readonly string[]): Sample {
  const path = patterns.map(firstFile).find((found) => found !== undefined);
  if (path === undefined) throw new MillraceError('SOURCE_FAILED', `no file matches '${patterns.join("', '")}'`);
  try {
    return withoutMark(readSample(path));
  } catch (error) {
    throw failedOperation('SOURCE_FAILED', `cannot read '${path}'`, error);
  }
}

function firstFile(pattern: string): string | undefined {
  const path = resolve(pattern);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return path;
  const { globSync, isDynamicPattern } = require('tinyglobby') as typeof import('tinyglobby');
  if (!isDynamicPattern(pattern)) return undefined;
  return globSync(pattern.replaceAll(sep, '/'), { absolute: true, expandDirectories: false }).sort()[0];
}

function readSample(path: string): Sample {
  const block = Buffer.alloc(sampleBytes);
  const descriptor = openSync(path, 'r');
  try {
    const filled = readSync(descriptor, block, 0, sampleBytes, 0);
    const bytes = block.subarray(0, filled);
    const ended = filled < sampleBytes;
    const compression = compressionOf(path, bytes);
    return { bytes: compression === undefined ? bytes : decompressFront(compression, path, bytes), ended };
  } finally {
    closeSync(descriptor);
  }
}

function withoutMark({ bytes, ended }: Sample): Sample {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return { bytes: marked ? bytes.subarray(3) : bytes, ended };
}
