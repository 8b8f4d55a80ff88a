/** Compressed files as they are read: how they are told from others, and what unpacks them. */

import type { Transform, TransformOptions } from 'node:stream';
import * as zlib from 'node:zlib';
import { MillraceError } from '../../base/errors.ts';
import type { Limits } from '../../base/limits.ts';
import { type Compression, compressedSuffix } from './compression.ts';

/** Bytes that tell what a file is compressed with. */
export const signatureBytes = 4;

const signatures: Readonly<Record<Compression, Buffer>> = {
  gzip: Buffer.from([0x1f, 0x8b]),
  zstd: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
};

/** What a file is compressed with, by its name or its first bytes; an empty one with nothing. */
export function compressionOf(path: string, front: Uint8Array): Compression | undefined {
  if (front.length === 0) return undefined;
  const compressions = Object.keys(signatures) as Compression[];
  const begins = (signature: Buffer): boolean => signature.equals(front.subarray(0, signature.length));
  return compressions.find((each) => path.endsWith(compressedSuffix[each])) ?? compressions.find((each) => begins(signatures[each]));
}

/** A stream that unpacks what is written to it. */
export type Decompressor = Transform & { readonly bytesWritten: number };

/** The least that zlib takes. */
const chunkBytesMin = 64;

/**
 * One read's worth ahead on each side.
 *
 * @param path for the error
 * @throws MillraceError SOURCE_FAILED where this version of Node cannot unpack it
 */
export function createDecompressor(compression: Compression, path: string, { readBytes }: Pick<Limits, 'readBytes'>): Decompressor {
  const options: zlib.ZlibOptions & TransformOptions = { chunkSize: Math.max(chunkBytesMin, readBytes), readableHighWaterMark: readBytes };
  if (compression === 'gzip') return zlib.createGunzip(options);
  const { createZstdDecompress } = zlib as { readonly createZstdDecompress?: (options: zlib.ZlibOptions) => Decompressor };
  if (createZstdDecompress === undefined) throw noZstd(path);
  return createZstdDecompress(options);
}

/** What the beginning of a compressed file holds, as far as its first bytes give it. @throws what the bytes are damaged by */
export function decompressFront(compression: Compression, path: string, bytes: Uint8Array): Buffer {
  if (compression === 'gzip') return zlib.gunzipSync(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
  const { zstdDecompressSync } = zlib as {
    readonly zstdDecompressSync?: (bytes: Uint8Array, options: { readonly finishFlush: number }) => Buffer;
  };
  if (zstdDecompressSync === undefined) throw noZstd(path);
  const { ZSTD_e_flush: finishFlush = 1 } = zlib.constants as { readonly ZSTD_e_flush?: number };
  return zstdDecompressSync(bytes, { finishFlush });
}

function noZstd(path: string): MillraceError {
  return new MillraceError(
    'SOURCE_FAILED',
    `'${path}' is compressed with zstd, which needs Node 22.15 or later, and this is ${process.version}; unpack it first: zstd -d`,
  );
}
