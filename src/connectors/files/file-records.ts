/** Records of one split of a file: what plain and compressed files have in common. */

import { MillraceError } from '../../base/errors.ts';
import type { Limits } from '../../base/limits.ts';
import type { ReadableFile, Storage } from '../../base/system.ts';
import type { RecordBatch } from '../../batch/record-batch.ts';
import type { RecordParser } from '../../formats/parser.ts';
import { failedOperation } from '../failed-operation.ts';
import { RecordBuffer, type RecordBufferOptions } from '../lines/record-buffer.ts';
import type { Taken } from '../lines/record-stream.ts';
import type { FileSplit } from './file-split.ts';
import type { RecordStartFinder } from './record-starts.ts';

export interface FileRecords {
  /** Fills the batch with the next records; it is good until the next call. */
  take(batch: RecordBatch): Taken;
  /** The split without the records taken; undefined when none is left. */
  remaining(): FileSplit | undefined;
  /** Bytes of the split that have been read, from 0 to its length. */
  readonly bytesRead: number;
  close(): void;
}

export interface FileRecordsOptions {
  readonly storage: Storage;
  readonly limits: Limits;
  /** Used for one split after the other. */
  readonly parser: RecordParser;
  /** Finds the first record of a range. */
  readonly starts: RecordStartFinder;
  /** Whether a byte order mark at the front of a file is dropped. */
  readonly byteOrderMark: boolean;
  readonly wake: () => void;
  readonly warn: (message: string) => void;
  /** As a `RecordBuffer` takes it. */
  readonly hasAside: () => boolean;
}

/**
 * Opens the file of a split.
 * @throws MillraceError SOURCE_FAILED when it cannot be opened, SOURCE_CHANGED when it is no longer the file that was found
 */
export function openSplit(split: FileSplit, storage: Storage): ReadableFile {
  const file = openFile(split.path, storage);
  const change = changeOf(split, file);
  if (change === undefined) return file;
  file.close();
  throw changedFile(split, change);
}

/** Failing is the only way not to mix the lines of two files, or to lose some in silence. */
export function changedFile(split: FileSplit, change: string): MillraceError {
  return new MillraceError(
    'SOURCE_CHANGED',
    `'${split.path}' ${change} since the job found it: positions in it mean nothing any more; start the job afresh`,
  );
}

export function openFile(path: string, storage: Storage): ReadableFile {
  try {
    return storage.open(path);
  } catch (error) {
    throw failedOperation('SOURCE_FAILED', `cannot open '${path}'`, error);
  }
}

function changeOf(split: FileSplit, file: ReadableFile): string | undefined {
  if (split.identity !== undefined && split.identity !== file.identity) return 'was replaced by another file';
  if (file.size < split.size) return `shrank from ${split.size} to ${file.size} bytes`;
  return undefined;
}

/** Reads a block of a file. */
export function readBlock(
  file: ReadableFile,
  path: string,
  block: { target: Uint8Array; offset: number; length: number; position: number },
): number {
  try {
    return file.read(block.target, block.offset, block.length, block.position);
  } catch (error) {
    throw failedOperation('SOURCE_FAILED', `cannot read '${path}' at byte ${block.position}`, error);
  }
}

/** What the parser knows of the file's beginning, for the split that goes on behind it. */
export function headOf({ head }: RecordParser): Pick<FileSplit, 'head'> {
  return head === undefined ? {} : { head };
}

export function createBuffer(
  split: FileSplit,
  options: FileRecordsOptions,
  range: Pick<RecordBufferOptions, 'origin' | 'bufferBytes' | 'alone'>,
): RecordBuffer {
  const { parser, limits, hasAside } = options;
  parser.begin?.(range.origin === 0, split.head);
  return new RecordBuffer({ parser, place: `file '${split.path}'`, lineBytesMax: limits.lineBytes, hasAside, ...range });
}
