/** Pieces of state that are files already: they get a second name, or are written by whoever has them. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { limitsWith } from '../../src/base/limits.ts';
import type { Storage } from '../../src/base/system.ts';
import { fileStorage } from '../../src/checkpoint/file-storage.ts';
import { checkpointOf, stateName } from '../../src/checkpoint/layout.ts';
import { nodeStorage } from '../../src/platform/node-storage.ts';

function opened(storage: Storage = nodeStorage) {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'state'));
  const bytes = Buffer.from('entries of keyed state '.repeat(20));
  const path = join(directory, 'a.segment');
  writeFileSync(path, bytes);
  const state = fileStorage(directory).openState({
    system: { storage },
    limits: { ...limitsWith(), inlineStateBytes: 100 },
    stateDir: directory,
  });
  return { directory, bytes, state, file: { path, bytes: bytes.length, checksum: crc32(bytes) } };
}

test('a file gets a second name, of its checkpoint, and is read by it when the first is gone', async () => {
  const { directory, bytes, state, file } = opened();
  const writer = state.write(stateName(7, '1-0'));
  writer.write(Buffer.from('before'));
  const before = writer.endPiece();
  const handle = writer.link?.(file);
  writer.write(Buffer.from('behind'));
  const behind = writer.endPiece();
  await writer.close();
  if (handle === undefined) throw new Error('it is linked');
  expect(statSync(file.path).nlink).toBe(2);
  expect(readdirSync(join(directory, 'state')).map((name) => checkpointOf(`state/${name}`))).toEqual([7]);
  rmSync(file.path);
  expect(Buffer.from(state.read(handle))).toEqual(bytes);
  expect([before, behind].map((each) => Buffer.from(state.read(each)).toString())).toEqual(['before', 'behind']);
});

test('names are gone after a checkpoint was given up, and the file is not', () => {
  const { directory, state, file } = opened();
  const writer = state.write(stateName(7, '1-0'));
  expect(writer.link?.(file)).toBeDefined();
  expect(writer.link?.(file)).toBeDefined();
  expect(readdirSync(join(directory, 'state'))).toHaveLength(2);
  writer.abort();
  expect(readdirSync(join(directory, 'state'))).toEqual([]);
  expect(statSync(file.path).size).toBe(file.bytes);
});

test('what is little is not worth a file', () => {
  const { state, file } = opened();
  expect(state.write(stateName(7, '1-0')).link?.({ ...file, bytes: 100 })).toBeUndefined();
});

test.each(['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK'])('a file that cannot have another name is to be written: %s', (code) => {
  const link = (): never => {
    throw Object.assign(new Error(code), { code });
  };
  const { state, file } = opened({ ...nodeStorage, link });
  expect(state.write(stateName(7, '1-0')).link?.(file)).toBeUndefined();
});

test('any other failure is one of the checkpoint', () => {
  const link = (): never => {
    throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
  };
  const { state, file } = opened({ ...nodeStorage, link });
  expect(() => state.write(stateName(7, '1-0')).link?.(file)).toThrow('no space');
});
