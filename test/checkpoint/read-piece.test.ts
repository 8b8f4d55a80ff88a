/** Reading state back: what says that a checkpoint is damaged, and what says something of the machine alone. */

import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { checkFile, readInline, readPiece, readWhole } from '../../src/checkpoint/read-piece.ts';
import { systemError, VirtualDisk } from './virtual-disk.ts';

const content = Buffer.from('all of the state');
const handle = { kind: 'file', path: 'state/a', offset: 4, length: 8, checksum: crc32(content.subarray(4, 12)) } as const;

function diskWith(bytes: Uint8Array = content): VirtualDisk {
  const disk = new VirtualDisk();
  disk.put('/job/state/a', bytes);
  return disk;
}

test('gives back what was written, however little a read gives', () => {
  const disk = diskWith();
  disk.readBytesMax = 3;
  expect(Buffer.from(readPiece(disk.storage, '/job', handle)).toString()).toBe('of the s');
  expect(Buffer.from(readWhole(disk.storage, '/job/state/a'))).toEqual(content);
});

test.each([
  ['that is not there', new VirtualDisk(), /there is no such file/],
  ['that was cut', diskWith(content.subarray(0, 10)), /it ends at byte 10, before byte 12/],
  ['that was changed', diskWith(Buffer.from('all or the state')), /they are not what was written/],
])('a file %s is damaged', (_, disk, message) => {
  expect(() => readPiece(disk.storage, '/job', handle)).toThrow(
    expect.objectContaining({ code: 'CHECKPOINT_CORRUPT', retryable: false, message: expect.stringMatching(message) }),
  );
});

test.each(['open', 'read'])('a file that the system refuses to %s may be as good as ever', (call) => {
  const disk = diskWith();
  disk.before = (_, name) => {
    if (name === call) throw systemError('EIO', '/job/state/a');
  };
  const refused = expect.objectContaining({ code: 'CHECKPOINT_FAILED', retryable: true, message: expect.stringContaining('EIO') });
  expect(() => readPiece(disk.storage, '/job', handle)).toThrow(refused);
  if (call === 'open') expect(() => checkFile(disk.storage, '/job', handle.path, 12)).toThrow(refused);
});

test('state in a manifest has a checksum as well', () => {
  const damaged = { kind: 'inline', bytes: content, checksum: 1 } as const;
  expect(() => readInline(damaged)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_CORRUPT' }));
});
