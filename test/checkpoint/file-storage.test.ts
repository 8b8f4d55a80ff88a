/** Checkpoints in files: what a failing call, a crash, a full disk and a changed byte do to them. */

import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../src/base/limits.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { ManifestStore, StateStorage } from '../../src/checkpoint/checkpoint-storage.ts';
import { discardDirectory, fileStorage } from '../../src/checkpoint/file-storage.ts';
import { stateName } from '../../src/checkpoint/layout.ts';
import { type CheckpointManifest, handlesOf } from '../../src/checkpoint/manifest.ts';
import { manifest, operator, segment, subtask } from './manifests.ts';
import { Crash, systemError, VirtualDisk } from './virtual-disk.ts';

const directory = '/jobs/counts';

interface Opened {
  readonly state: StateStorage;
  readonly manifests: ManifestStore;
}

function open(disk: VirtualDisk, limits = { inlineStateBytes: 8, stateWriteBytes: 16 }): Opened {
  const place = { system: { storage: disk.storage }, limits, stateDir: directory };
  return { state: fileStorage().openState(place), manifests: fileStorage().openManifests(place) };
}

/** What subtask `index` has in checkpoint `id`: more than goes into a manifest, and something that does. */
function contentOf(id: number, index: number): string[] {
  return [`${id}.${index} `.repeat(10), `${index}`];
}

/** Takes a checkpoint as a job does: two subtasks write, then the host. */
async function checkpoint({ state, manifests }: Opened, id: number): Promise<CheckpointManifest> {
  const writers = [0, 1].map((index) => state.write(stateName(id, `counts-${index}`)));
  try {
    const subtasks = writers.map((writer, index) => {
      const [large, small] = contentOf(id, index).map((content) => {
        writer.write(Buffer.from(content));
        return writer.endPiece();
      });
      return subtask({ keyed: { counts: [segment(`${id}-${index}`, large), segment(`${id}-${index}-small`, small)] } });
    });
    await Promise.all(writers.map((writer) => writer.close()));
    const taken = manifest({ id, operators: [operator({ subtasks })] });
    await manifests.writeManifest(taken);
    return taken;
  } catch (error) {
    for (const writer of writers) writer.abort();
    throw error;
  }
}

/** The checkpoints that can be read, to their last piece; fails for one that is there but broken. */
function readable({ state, manifests }: Opened): number[] {
  return manifests.list().map((entry) => {
    const { operators, id } = manifests.readManifest(entry);
    const contents = operators.flatMap(({ subtasks }) =>
      subtasks.map((each) => [...handlesOf(each)].map((handle) => text(state.read(handle)))),
    );
    expect(contents).toEqual([0, 1].map((index) => contentOf(id, index)));
    return id;
  });
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

async function storageWith(...ids: number[]): Promise<{ disk: VirtualDisk; opened: Opened }> {
  const disk = new VirtualDisk();
  const opened = open(disk);
  opened.manifests.lock();
  for (const id of ids) await checkpoint(opened, id);
  return { disk, opened };
}

/** Lets the k-th call from now on be the last of the process. */
function crashAt(disk: VirtualDisk, k: number): void {
  const last = disk.calls + k;
  disk.before = (call) => {
    if (call === last) throw new Crash();
  };
}

describe('files', () => {
  test('have one name each, which tells what they are', async () => {
    const { disk } = await storageWith(1, 2);
    expect(disk.paths()).toEqual([
      '/jobs/counts/checkpoint-000001.manifest',
      '/jobs/counts/checkpoint-000002.manifest',
      '/jobs/counts/state/000001-counts-0.state',
      '/jobs/counts/state/000001-counts-1.state',
      '/jobs/counts/state/000002-counts-0.state',
      '/jobs/counts/state/000002-counts-1.state',
    ]);
  });

  test('are one for each checkpoint of a job with little state', async () => {
    const disk = new VirtualDisk();
    const opened = open(disk, defaultLimits);
    opened.manifests.lock();
    await checkpoint(opened, 1);
    expect(disk.paths()).toEqual(['/jobs/counts/checkpoint-000001.manifest']);
    expect(readable(opened)).toEqual([1]);
  });

  test('are written in large pieces, and once they are there they take all', () => {
    const disk = new VirtualDisk();
    const { state, manifests } = open(disk, { inlineStateBytes: 10, stateWriteBytes: 100 });
    manifests.lock();
    const writes: string[] = [];
    disk.before = (_, name) => writes.push(name);
    const writer = state.write(stateName(1, 'a'));
    const kinds: string[] = [];
    for (const size of [4, 6, 1, 9, 60]) {
      for (let i = 0; i < size; i++) writer.write(Buffer.from('x'));
      kinds.push(writer.endPiece().kind);
    }
    expect([kinds, writes]).toEqual([['inline', 'inline', 'file', 'file', 'file'], []]);
    for (let i = 0; i < 30; i++) writer.write(Buffer.from('x'));
    writer.write(Buffer.alloc(500));
    expect(writes).toEqual(['createNew', 'write', 'write']);
    writer.abort();
  });

  test('of another checkpoint are never written over', async () => {
    const { opened, disk } = await storageWith(1);
    const before = disk.paths();
    await expect(checkpoint(opened, 1)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(disk.paths()).toEqual(before);
    expect(readable(opened)).toEqual([1]);
  });

  test('that are not of checkpoints are left alone', async () => {
    const { disk, opened } = await storageWith(1);
    for (const name of ['notes.txt', 'checkpoint-1.manifest', 'checkpoint-000001.manifest.bak', 'state/mine.txt']) {
      disk.put(`${directory}/${name}`, '');
    }
    expect(opened.manifests.list().map(({ id }) => id)).toEqual([1]);
    expect(opened.manifests.files()).toHaveLength(2);
  });
});

describe('a directory', () => {
  test('belongs to one run of the job at a time', async () => {
    const { disk, opened } = await storageWith(1);
    const second = open(disk);
    expect(() => second.manifests.lock()).toThrow(
      expect.objectContaining({
        code: 'STATE_DIR',
        message:
          "the state directory '/jobs/counts' is held by process 7; wait for that run to end, or give this one its own stateDir. " +
          "If that process is no more, remove '/jobs/counts/lock'",
      }),
    );
    // To look does no harm.
    expect(readable(second)).toEqual([1]);
    second.manifests.unlock();
    expect(() => second.manifests.lock()).toThrow('held');
    opened.manifests.unlock();
    second.manifests.lock();
  });

  test('that cannot be used is named', () => {
    const disk = new VirtualDisk();
    disk.before = () => {
      throw systemError('EACCES', directory);
    };
    const { manifests } = open(disk);
    const message =
      "the state directory '/jobs/counts' cannot be used: Error: EACCES: '/jobs/counts'; correct that, or name another directory (stateDir, --state-dir)";
    const error = { code: 'STATE_DIR', message };
    expect(() => manifests.lock()).toThrow(expect.objectContaining(error));
    expect(() => manifests.list()).toThrow(expect.objectContaining(error));
  });

  test('that is not there has no checkpoints', () => {
    const { manifests } = open(new VirtualDisk());
    expect([manifests.list(), manifests.files()]).toEqual([[], []]);
  });

  test('is rid of unfinished manifests when it is locked', async () => {
    const { disk, opened } = await storageWith(1);
    const before = disk.paths();
    disk.put(`${directory}/checkpoint-000002.manifest.unfinished`, '');
    opened.manifests.unlock();
    opened.manifests.lock();
    expect(disk.paths()).toEqual(before);
  });

  test('of a savepoint that was not completed is removed, but for what others have put there', async () => {
    const disk = new VirtualDisk();
    const { manifests } = open(disk);
    for (const name of [undefined, 'state/notes', 'notes']) {
      manifests.lock();
      manifests.unlock();
      if (name !== undefined) disk.put(`${directory}/${name}`, '');
      discardDirectory(directory, disk.storage);
      expect(disk.storage.entries('/jobs')).toEqual(name === undefined ? [] : ['counts']);
    }
    discardDirectory('/nowhere', disk.storage);
  });

  test('can be moved', async () => {
    const { disk, opened } = await storageWith(1);
    opened.manifests.unlock();
    disk.storage.makeDirectory('/moved/state');
    for (const path of disk.paths()) disk.storage.rename(path, path.replace(directory, '/moved'));
    const place = { system: { storage: disk.storage }, limits: defaultLimits, stateDir: '/moved' };
    expect(readable({ state: fileStorage().openState(place), manifests: fileStorage().openManifests(place) })).toEqual([1]);
  });
});

describe('the k-th call', () => {
  /** Calls that checkpoint 2 takes, and then the removal of checkpoint 1. */
  async function secondCheckpoint(opened: Opened): Promise<void> {
    await checkpoint(opened, 2);
    await removeFirst(opened);
  }

  async function removeFirst({ manifests }: Opened): Promise<undefined> {
    await manifests.remove(['checkpoint-000001.manifest', 'state/000001-counts-0.state', 'state/000001-counts-1.state']);
    return undefined;
  }

  async function callsOf(): Promise<number> {
    const { disk, opened } = await storageWith(1);
    const before = disk.calls;
    await secondCheckpoint(opened);
    return disk.calls - before;
  }

  test('may fail: the checkpoint before stays, the failed one never comes back, and the next one succeeds', async () => {
    const calls = await callsOf();
    expect(calls).toBeGreaterThan(15);
    for (let k = 1; k <= calls; k++) {
      const { disk, opened } = await storageWith(1);
      const failing = disk.calls + k;
      disk.before = (call) => {
        if (call === failing) throw systemError('EIO', `call ${k}`);
      };
      const outcome = await checkpoint(opened, 2).catch((error: Error) => error);
      const removed = outcome instanceof Error ? undefined : await removeFirst(opened).catch((error: Error) => error);
      const left = readable(opened);
      if (outcome instanceof Error) expect(left, `call ${k}`).toEqual([1]);
      else expect(left, `call ${k}: ${removed?.message}`).toContain(2);
      await checkpoint(opened, 3);
      expect(readable(opened)).toContain(3);
    }
  });

  test('may be the last before a crash: what was complete is there, and nothing is half there', async () => {
    const calls = await callsOf();
    for (let k = 1; k <= calls + 1; k++) {
      for (let seed = 0; seed < 40; seed++) {
        const { disk, opened } = await storageWith(1);
        crashAt(disk, k);
        let completed = false;
        await checkpoint(opened, 2)
          .then(() => {
            completed = true;
            return removeFirst(opened);
          })
          .catch(() => undefined);
        disk.kill();
        disk.crash(seededRandom(seed));
        const after = open(disk);
        after.manifests.lock();
        const left = readable(after);
        expect(left, `call ${k}, seed ${seed}`).toContain(completed ? 2 : 1);
        expect(disk.paths().filter((path) => path.endsWith('.unfinished'))).toEqual([]);
        // The files of a checkpoint that was not completed may be there: their names are not used again.
        await checkpoint(after, 3);
        expect(readable(after)[0]).toBe(3);
      }
    }
  });

  test('may be the last of a process: what the next one finds and makes sure of survives a crash', async () => {
    const calls = await callsOf();
    for (let k = 1; k <= calls + 1; k++) {
      for (let seed = 0; seed < 20; seed++) {
        const { disk, opened } = await storageWith(1);
        crashAt(disk, k);
        await checkpoint(opened, 2).catch(() => undefined);
        disk.kill();
        const next = open(disk);
        const found = readable(next);
        await next.manifests.secure();
        disk.kill();
        disk.crash(seededRandom(seed));
        const after = open(disk);
        after.manifests.lock();
        expect(readable(after), `call ${k}, seed ${seed}`).toEqual(found);
      }
    }
  });

  test('may find the disk full: what was written goes, so that there is room again', async () => {
    const { disk, opened } = await storageWith(1);
    const before = disk.paths();
    disk.before = (_, name) => {
      if (name === 'write') throw systemError('ENOSPC', 'somewhere');
    };
    await expect(checkpoint(opened, 2)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(disk.paths()).toEqual(before);
    await expect(opened.manifests.writeManifest(manifest({ id: 2 }))).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(disk.paths()).toEqual(before);
  });

  test('may come when nobody waits any more', async () => {
    const { disk, opened } = await storageWith(1);
    const before = disk.paths();
    const writer = opened.state.write(stateName(2, 'a'));
    writer.write(Buffer.alloc(100));
    writer.endPiece();
    const closing = writer.close();
    writer.abort();
    await expect(closing).rejects.toThrow("'state/000002-a.state' was let go of while it was written");
    expect(disk.paths()).toEqual(before);
  });
});

describe('damage', () => {
  test('to any byte of a manifest is found', async () => {
    const { disk, opened } = await storageWith(1);
    const [entry] = opened.manifests.list();
    const path = `${directory}/checkpoint-000001.manifest`;
    const { size } = disk.storage.open(path);
    for (let position = 0; position < size; position++) {
      const flip = (content: Buffer): Buffer => {
        content[position] = (content[position] as number) ^ 1;
        return content;
      };
      disk.change(path, flip);
      expect(() => opened.manifests.readManifest(entry as never)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_CORRUPT' }));
      disk.change(path, flip);
    }
    expect(readable(opened)).toEqual([1]);
  });

  test('to any byte of a file of state is found', async () => {
    const { disk, opened } = await storageWith(1);
    const [entry] = opened.manifests.list();
    const handle = opened.manifests.readManifest(entry as never).operators[0]?.subtasks[0]?.keyed.counts?.[0]?.bytes;
    if (handle?.kind !== 'file') throw new Error('it is in a file');
    for (let position = 0; position < handle.length; position++) {
      disk.change(`${directory}/${handle.path}`, (content) => content.fill(0, position, position + 1));
      expect(() => opened.state.read(handle)).toThrow(
        `bytes 0 to 40 of '/jobs/counts/state/000001-counts-0.state' cannot be read: they are not what was written`,
      );
    }
  });

  test('that makes a file shorter is found when the manifest is read, and when the file is', async () => {
    const { disk, opened } = await storageWith(1);
    const [entry] = opened.manifests.list();
    const taken = opened.manifests.readManifest(entry as never);
    disk.change(`${directory}/state/000001-counts-0.state`, (content) => content.subarray(0, -1));
    const message = "'/jobs/counts/state/000001-counts-0.state' cannot be read: it ends at byte 40, before byte 41";
    expect(() => opened.manifests.readManifest(entry as never)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_CORRUPT', message }));
    const pieces = [...handlesOf(taken.operators[0]?.subtasks[0] as never)];
    expect(text(opened.state.read(pieces[0] as never))).toBe(contentOf(1, 0)[0]);
    expect(() => opened.state.read(pieces[1] as never)).toThrow(message);
  });

  test('that takes a file away is found when the manifest is read', async () => {
    const { disk, opened } = await storageWith(1);
    const [entry] = opened.manifests.list();
    disk.storage.remove(`${directory}/state/000001-counts-1.state`);
    expect(() => opened.manifests.readManifest(entry as never)).toThrow(
      "'/jobs/counts/state/000001-counts-1.state' cannot be read: there is no such file",
    );
  });

  test('is not what a disk does that gives few bytes at a time, or says that there are none', async () => {
    const { disk, opened } = await storageWith(1);
    disk.readBytesMax = 3;
    expect(readable(opened)).toEqual([1]);
    disk.readBytesMax = 0;
    const [entry] = opened.manifests.list();
    expect(() => opened.manifests.readManifest(entry as never)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_CORRUPT' }));
  });
});
