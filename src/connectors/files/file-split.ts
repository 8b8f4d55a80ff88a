/** Parts of files, and how files are divided into them. */

import type { Limits } from '../../base/limits.ts';
import type { Split } from '../../graph/source.ts';
import type { Compression } from './compression.ts';

/**
 * A range of a file's bytes: the lines that start in it. Of a compressed file the range is the whole, and `skip` says how much of
 * its content has been read.
 */
export interface FileSplit extends Split {
  readonly path: string;
  /** Offset of its first byte. */
  readonly start: number;
  /** Offset behind its last byte. */
  readonly end: number;
  /** Bytes of the whole file when it was found. */
  readonly size: number;
  /** Identity of the file when it was found, so that another one of the same name is not taken for it. */
  readonly identity?: string;
  readonly compression?: Compression;
  /** Decompressed bytes at the front that were read before. */
  readonly skip?: number;
  /** Whether a record begins at `start`, where that is known. */
  readonly atRecord?: boolean;
  /** What the format wants to know of the file's beginning, such as its header, where it was read. */
  readonly head?: string;
}

/** What is known of a file before it is divided. */
export interface FoundFile {
  readonly path: string;
  readonly size: number;
  readonly identity: string;
  readonly compression: Compression | undefined;
}

/**
 * Divides files into splits of about the same size: at most `splitBytes`, and as many as there are readers where there is enough
 * to read, but not below `splitBytesMin`. A compressed file cannot be divided, nor can any where `divisible` is false; an empty one has nothing to read.
 */
export function divideFiles(
  files: readonly FoundFile[],
  options: Pick<Limits, 'splitBytes' | 'splitBytesMin'> & { readonly parallelism: number; readonly divisible: boolean },
): FileSplit[] {
  const isDivisible = (file: FoundFile): boolean => options.divisible && file.compression === undefined;
  const divisible = files.filter(isDivisible);
  const bytes = divisible.reduce((sum, file) => sum + file.size, 0);
  const share = Math.max(options.splitBytesMin, Math.ceil(bytes / options.parallelism));
  const target = Math.min(options.splitBytes, share);
  return files.filter((file) => file.size > 0).flatMap((file) => (isDivisible(file) ? divide(file, target) : [wholeFile(file)]));
}

function divide({ path, size, identity }: FoundFile, target: number): FileSplit[] {
  const parts = Math.ceil(size / target);
  return Array.from({ length: parts }, (_, part) => {
    const start = Math.floor((size / parts) * part);
    const end = part === parts - 1 ? size : Math.floor((size / parts) * (part + 1));
    return { id: `${path}:${start}`, path, start, end, size, identity };
  });
}

function wholeFile({ compression, ...file }: FoundFile): FileSplit {
  const whole = { id: file.path, ...file, start: 0, end: file.size };
  return compression === undefined ? whole : { ...whole, compression };
}
