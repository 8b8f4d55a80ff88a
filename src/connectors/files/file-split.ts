/** Parts of files, and how files are divided into them. */

import type { Limits } from '../../base/limits.ts';
import type { Split } from '../../graph/source.ts';

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
  readonly compression?: 'gzip';
  /** Decompressed bytes at the front that were read before. */
  readonly skip?: number;
}

/** What is known of a file before it is divided. */
export interface FoundFile {
  readonly path: string;
  readonly size: number;
  readonly identity: string;
  readonly compression: 'gzip' | undefined;
}

/**
 * Divides files into splits of about the same size: at most `splitBytes`, and as many as there are readers where there is enough
 * to read, but not below `splitBytesMin`. A compressed file cannot be divided; an empty one has nothing to read.
 */
export function divideFiles(
  files: readonly FoundFile[],
  options: Pick<Limits, 'splitBytes' | 'splitBytesMin'> & { readonly parallelism: number },
): FileSplit[] {
  const divisible = files.filter((file) => file.compression === undefined);
  const bytes = divisible.reduce((sum, file) => sum + file.size, 0);
  const share = Math.max(options.splitBytesMin, Math.ceil(bytes / options.parallelism));
  const target = Math.min(options.splitBytes, share);
  return files
    .filter((file) => file.size > 0)
    .flatMap((file) => (file.compression === undefined ? divide(file, target) : [wholeFile(file)]));
}

function divide({ path, size, identity }: FoundFile, target: number): FileSplit[] {
  const parts = Math.ceil(size / target);
  return Array.from({ length: parts }, (_, part) => {
    const start = Math.floor((size / parts) * part);
    const end = part === parts - 1 ? size : Math.floor((size / parts) * (part + 1));
    return { id: `${path}:${start}`, path, start, end, size, identity };
  });
}

function wholeFile({ path, size, identity }: FoundFile): FileSplit {
  return { id: path, path, start: 0, end: size, size, identity, compression: 'gzip' };
}
