/** The beginning of what `millrace logs` reads, by which the format is recognised. */

import { readSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { MillraceError } from '../../base/errors.ts';
import { failedOperation } from '../../connectors/failed-operation.ts';
import { compressionOf } from '../../connectors/files/decompression.ts';
import { sampleOf } from '../../connectors/files/sample.ts';
import { nodeSystem } from '../../platform/node-system.ts';

/** Bytes of standard input that are looked at. */
const sampleBytes = 64 * 1024;

/** Milliseconds until a pipe that had nothing is looked at again. */
const waitMs = 10;

/** The beginning of the first file that has something in it, up to a line end. @throws MillraceError SOURCE_FAILED */
export async function sampleOfFiles(patterns: readonly string[]): Promise<Buffer> {
  let empty: string | undefined;
  for (const pattern of patterns) {
    const paths = await filesOf(pattern);
    for (const path of paths) {
      const { bytes } = sampleOf([path]);
      if (bytes.length > 0) return checked(wholeLines(bytes), `'${path}'`);
      empty = path;
    }
  }
  throw new MillraceError(
    'SOURCE_FAILED',
    `logs: '${empty}' is empty, so that its format cannot be recognised; --format says what is to come`,
  );
}

/** @throws MillraceError SOURCE_FAILED where there is none, or a directory */
async function filesOf(pattern: string): Promise<readonly string[]> {
  let paths: readonly string[];
  try {
    paths = await nodeSystem().storage.list(pattern);
  } catch (error) {
    throw failedOperation('SOURCE_FAILED', `logs: cannot read '${pattern}'`, error);
  }
  if (paths.length === 0) throw new MillraceError('SOURCE_FAILED', `logs: no file matches '${pattern}'`);
  return paths;
}

/**
 * The beginning of standard input, and all that was read of it, which nobody can read again. Waits for a first line.
 *
 * @throws MillraceError SOURCE_FAILED
 */
export async function sampleOfInput(): Promise<{ readonly sample: Buffer; readonly front: Buffer }> {
  const front = await readFront(0);
  refuseCompressed(front);
  return { sample: front.length === 0 ? front : checked(wholeLines(front), 'standard input'), front };
}

/** Of files, compression is undone; standard input is passed on to the job as it comes. */
function refuseCompressed(front: Buffer): void {
  const compression = compressionOf('', front);
  if (compression === undefined) return;
  const tool = compression === 'gzip' ? 'zcat' : 'zstdcat';
  throw new MillraceError('SOURCE_FAILED', `logs: standard input is ${compression}: pipe it through \`${tool}\`, or name the file instead`);
}

async function readFront(descriptor: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < sampleBytes && !chunks.some((chunk) => chunk.includes(10))) {
    const bytes = Buffer.alloc(sampleBytes);
    const read = await readWaiting(descriptor, bytes);
    if (read === 0) break;
    chunks.push(bytes.subarray(0, read));
    length += read;
  }
  return Buffer.concat(chunks);
}

/** A pipe that somebody made non-blocking has nothing now and then. */
async function readWaiting(descriptor: number, bytes: Buffer): Promise<number> {
  for (;;) {
    try {
      return readSync(descriptor, bytes, 0, bytes.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      await setTimeout(waitMs);
    }
  }
}

/** Without the line that was cut, if there are others. */
function wholeLines(bytes: Buffer): Buffer {
  const end = bytes.lastIndexOf(10) + 1;
  return end > 0 ? bytes.subarray(0, end) : bytes;
}

/** Logs have no zero bytes; what has is something else, or text in UTF-16. */
function checked(bytes: Buffer, place: string): Buffer {
  const at = bytes.indexOf(0);
  if (at < 0) return bytes;
  throw new MillraceError('SOURCE_FAILED', `logs: ${place} is no log: byte ${at} is zero; --format text reads it all the same`);
}
