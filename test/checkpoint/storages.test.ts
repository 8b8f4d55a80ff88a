/** Every storage keeps the promises that all make. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../src/base/limits.ts';
import type { Storage } from '../../src/base/system.ts';
import type { CheckpointStorage } from '../../src/checkpoint/checkpoint-storage.ts';
import { fileStorage } from '../../src/checkpoint/file-storage.ts';
import { memoryStorage } from '../../src/checkpoint/memory-storage.ts';
import { nodeStorage } from '../../src/platform/node-storage.ts';
import type { StateHandle } from '../../src/wire/state-handles.ts';
import { temporaryDirectory } from '../connectors/support.ts';
import { describeStorageConformance, type OpenStorage, type StorageLimits } from './storage-conformance.ts';
import { VirtualDisk } from './virtual-disk.ts';

interface Opened {
  readonly storage: Storage;
  readonly stateDir: string;
  readonly limits: StorageLimits;
  change(path: string, change: (content: Buffer) => Buffer): void;
}

function open(description: CheckpointStorage, { storage, stateDir, limits, change }: Opened): OpenStorage {
  const place = { system: { storage }, limits, stateDir };
  return {
    state: description.openState(place),
    manifests: description.openManifests(place),
    flipBit: (handle, position, bit) => {
      if (handle.kind === 'inline') return { ...handle, bytes: flipped(handle.bytes, position, bit) } satisfies StateHandle;
      change(join(stateDir, handle.path), (content) => flipped(content, handle.offset + position, bit));
      return handle;
    },
  };
}

function flipped<B extends Uint8Array>(bytes: B, position: number, bit: number): B {
  const copy = bytes.slice() as B;
  copy[position] = (bytes[position] as number) ^ (1 << bit);
  return copy;
}

function changeFile(path: string, change: (content: Buffer) => Buffer): void {
  writeFileSync(path, change(readFileSync(path)));
}

describeStorageConformance('memory', (limits) =>
  open(memoryStorage(), { storage: nodeStorage, stateDir: '/', limits, change: changeFile }),
);

describeStorageConformance('files', (limits) =>
  open(fileStorage(), { storage: nodeStorage, stateDir: temporaryDirectory(), limits, change: changeFile }),
);

describeStorageConformance('files on a virtual disk', (limits) => {
  const disk = new VirtualDisk();
  return open(fileStorage(), {
    storage: disk.storage,
    stateDir: '/jobs/counts',
    limits,
    change: (path, change) => disk.change(path, change),
  });
});

describe('a description of a storage', () => {
  const place = { system: { storage: nodeStorage }, limits: defaultLimits, stateDir: '/state/job' };

  test('says where checkpoints are', () => {
    expect(fileStorage().describe('/state/job')).toBe('files in /state/job');
    expect(fileStorage('/elsewhere').describe('/state/job')).toBe('files in /elsewhere');
    expect(memoryStorage().describe('/state/job')).toBe('the memory of the host');
    expect(fileStorage('/elsewhere').openManifests(place).place).toBe('/elsewhere');
  });

  test('takes a path', () => {
    expect(() => fileStorage('')).toThrow('fileStorage: expected a text that is not empty');
    expect(() => fileStorage(7 as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });

  test('of memory has no files', () => {
    const handle = { kind: 'file', path: 'state/000001-a.state', offset: 0, length: 1, checksum: 0 } as const;
    expect(() => memoryStorage().openState(place).read(handle)).toThrow(
      "'state/000001-a.state' cannot be read: checkpoints are kept in the memory of the host, which has no files",
    );
  });

  test('of memory shares nothing between two jobs', async () => {
    const description = memoryStorage();
    const [one, other] = [description.openManifests(place), description.openManifests(place)];
    await one.writeManifest({ id: 1, kind: 'checkpoint', jobName: 'j', triggeredAt: 0, operators: [], hostInputs: {}, graph: [] });
    expect(other.list()).toEqual([]);
  });
});
