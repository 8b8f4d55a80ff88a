/**
 * Compression of the parts of a file sink, block by block: each block is a member (gzip) or frame (zstd) of its own, and any number of
 * them behind each other are a file. So one that is cut back behind a block, as at a checkpoint, is whole.
 */

import * as zlib from 'node:zlib';
import { MillraceError } from '../../base/errors.ts';

export type Compression = 'gzip' | 'zstd';

/** Compresses a block. */
export type Compressor = (block: Uint8Array) => Uint8Array;

/** Behind the suffix of a file's name. */
export const compressedSuffix = { gzip: '.gz', zstd: '.zst' } as const;

/** @throws MillraceError INVALID_OPTION where this version of Node does not have it */
export function compressor(compression: Compression): Compressor {
  if (compression === 'gzip') return (block) => zlib.gzipSync(block);
  const { zstdCompressSync } = zlib as { readonly zstdCompressSync?: Compressor };
  if (zstdCompressSync !== undefined) return (block) => zstdCompressSync(block);
  throw new MillraceError(
    'INVALID_OPTION',
    `files.sink: compression 'zstd' needs Node 22.15 or later, and this is ${process.version}; say 'gzip'`,
  );
}
