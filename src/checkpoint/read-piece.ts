/** Reads bytes of a checkpoint back, and finds out whether they are what was written. Any thread. */

import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { MillraceError, thrownText } from '../base/errors.ts';
import type { ReadableFile, Storage } from '../base/system.ts';
import type { StateHandle } from '../wire/state-handles.ts';

/** Bytes of one read: Node takes less than 2³¹. */
const readBytesMax = 2 ** 30;

type FileHandle = Extract<StateHandle, { kind: 'file' }>;
type InlineHandle = Extract<StateHandle, { kind: 'inline' }>;

/** @throws MillraceError CHECKPOINT_CORRUPT */
export function readInline({ bytes, checksum }: InlineHandle): Uint8Array {
  if (crc32(bytes) !== checksum) throw corrupt('state in a manifest', 'its bytes have changed');
  return bytes;
}

/** @throws MillraceError CHECKPOINT_CORRUPT */
export function readPiece(storage: Storage, directory: string, handle: FileHandle): Uint8Array {
  const { offset, length, checksum } = handle;
  const path = join(directory, handle.path);
  const place = `bytes ${offset} to ${offset + length} of '${path}'`;
  const bytes = withFile(storage, path, (file) => {
    // Looked at first, because a length that is nonsense must not take memory.
    if (file.size < offset + length) throw tooShort(path, file.size, offset + length);
    return readBytes(file, offset, length);
  });
  if (bytes.length < length) throw tooShort(path, offset + bytes.length, offset + length);
  if (crc32(bytes) !== checksum) throw corrupt(place, 'they are not what was written');
  return bytes;
}

/** Whether a file is there with so many bytes. @throws MillraceError CHECKPOINT_CORRUPT */
export function checkFile(storage: Storage, directory: string, path: string, bytes: number): void {
  const absolute = join(directory, path);
  const size = fileSize(storage, absolute);
  if (size < bytes) throw tooShort(absolute, size, bytes);
}

/** @throws MillraceError CHECKPOINT_CORRUPT */
export function fileSize(storage: Storage, path: string): number {
  return withFile(storage, path, ({ size }) => size);
}

/** @throws MillraceError CHECKPOINT_CORRUPT */
export function readWhole(storage: Storage, path: string): Uint8Array {
  return withFile(storage, path, (file) => readBytes(file, 0, file.size));
}

/** As many bytes as there are, which are fewer when the file has become shorter. */
function readBytes(file: ReadableFile, offset: number, length: number): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const count = file.read(bytes, done, Math.min(readBytesMax, length - done), offset + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

function withFile<R>(storage: Storage, path: string, use: (file: ReadableFile) => R): R {
  let file: ReadableFile | undefined;
  try {
    file = storage.open(path);
    return use(file);
  } catch (error) {
    throw error instanceof MillraceError ? error : unreadable(path, error);
  } finally {
    file?.close();
  }
}

function unreadable(path: string, error: unknown): MillraceError {
  if ((error as { code?: unknown }).code === 'ENOENT') return corrupt(`'${path}'`, 'there is no such file', error);
  // The machine may be short of something: that says nothing of the file.
  return new MillraceError('CHECKPOINT_FAILED', `'${path}' cannot be read: ${thrownText(error)}`, { cause: error });
}

function tooShort(path: string, size: number, needed: number): MillraceError {
  return corrupt(`'${path}'`, `it ends at byte ${size}, before byte ${needed}`);
}

function corrupt(what: string, problem: string, cause?: unknown): MillraceError {
  return new MillraceError('CHECKPOINT_CORRUPT', `${what} cannot be read: ${problem}`, { cause });
}
