/** What people are told of a directory of checkpoints. */

import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../src/base/limits.ts';
import { fileStorage } from '../../src/checkpoint/file-storage.ts';
import { inspectCheckpoints } from '../../src/checkpoint/inspect.ts';
import { stateName } from '../../src/checkpoint/layout.ts';
import { locateCheckpoint } from '../../src/checkpoint/locate.ts';
import { manifest, operator, segment, subtask } from './manifests.ts';
import { systemError, VirtualDisk } from './virtual-disk.ts';

const directory = '/jobs/counts';

function inspect(disk: VirtualDisk, verify = true) {
  return inspectCheckpoints({ directory, storage: disk.storage, verify });
}

/** Two checkpoints and a savepoint; the second checkpoint names a file of the first. */
async function someCheckpoints(): Promise<VirtualDisk> {
  const disk = new VirtualDisk();
  const place = { system: { storage: disk.storage }, limits: { ...defaultLimits, inlineStateBytes: 4 }, stateDir: directory };
  const manifests = fileStorage().openManifests(place);
  manifests.lock();
  const pieces = async (id: number, part: string, sizes: readonly number[]) => {
    const writer = fileStorage().openState(place).write(stateName(id, part));
    const handles = sizes.map((size) => {
      writer.write(Buffer.alloc(size, id));
      return writer.endPiece();
    });
    await writer.close();
    return handles;
  };
  const [large, small] = await pieces(1, 'counts', [100, 8]);
  const first = segment('1-0', large, { entries: 10 });
  const one = operator({
    subtasks: [subtask({ keyed: { value: [first] }, parts: { open: { distribution: 'split', count: 3, items: small as never } } })],
  });
  await manifests.writeManifest(manifest({ id: 1, operators: [one] }));
  const [second, stale, offsets] = await pieces(2, 'counts', [50, 12, 5]);
  const two = operator({
    subtasks: [
      subtask({ keyed: { value: [{ ...first, stale: [stale as never] }, segment('2-0', second, { entries: 4 })] } }),
      subtask({
        parts: { offsets: { distribution: 'union', count: 2, items: offsets as never } },
        inFlight: [{ exchange: 'x', rows: offsets as never, count: 7 }],
      }),
    ],
  });
  const source = operator({ stateId: 'lines', name: 'read lines', kind: 'source', splits: [{ path: 'a.txt', at: 5 }] });
  await manifests.writeManifest(manifest({ id: 2, operators: [two, source], hostInputs: { orders: 9 }, graph: ['a line'] }));
  await manifests.writeManifest(manifest({ id: 3, kind: 'savepoint' }));
  manifests.unlock();
  return disk;
}

describe('a directory of checkpoints', () => {
  test('is described', async () => {
    const { checkpoints, unnamed } = inspect(await someCheckpoints());
    expect(unnamed).toEqual([]);
    expect(checkpoints.map(({ id, kind, path, problems }) => [id, kind, path, problems])).toEqual([
      [3, 'savepoint', 'savepoint-000003.manifest', []],
      [2, 'checkpoint', 'checkpoint-000002.manifest', []],
      [1, 'checkpoint', 'checkpoint-000001.manifest', []],
    ]);
    expect(checkpoints[1]?.contents).toEqual({
      jobName: 'word count',
      triggeredAt: 1_700_000_000_000,
      bytes: 172,
      files: ['state/000001-counts.state', 'state/000002-counts.state'],
      hostInputs: { orders: 9 },
      graph: ['a line'],
      operators: [
        {
          stateId: 'counts',
          name: 'count words',
          kind: 'keyed-reduce',
          parallelism: 2,
          maxParallelism: 128,
          bytes: 172,
          keyed: [{ name: 'value', entries: 11, segments: 2, bytes: 162 }],
          parts: [{ name: 'offsets', distribution: 'union', items: 2, bytes: 5 }],
          rowsInFlight: 7,
          splits: undefined,
        },
        expect.objectContaining({ stateId: 'lines', parallelism: 0, bytes: 0, splits: [{ path: 'a.txt', at: 5 }] }),
      ],
    });
  });

  test('is verified, each piece once', async () => {
    const disk = await someCheckpoints();
    const reads = (verify: boolean): number => {
      let count = 0;
      disk.before = (_, name) => {
        if (name === 'read') count++;
      };
      inspect(disk, verify);
      return count;
    };
    expect([reads(false), reads(true)]).toEqual([3, 3 + 5]);
  });

  test('says which pieces are damaged', async () => {
    const disk = await someCheckpoints();
    disk.change(`${directory}/state/000001-counts.state`, (content) => content.fill(9, 50, 51));
    const problem = "bytes 0 to 100 of '/jobs/counts/state/000001-counts.state' cannot be read: they are not what was written";
    expect(inspect(disk).checkpoints.map(({ problems }) => problems)).toEqual([[], [problem], [problem]]);
    expect(inspect(disk, false).checkpoints.map(({ problems }) => problems)).toEqual([[], [], []]);
  });

  test('says which files are missing, and which manifests cannot be read', async () => {
    const disk = await someCheckpoints();
    disk.storage.remove(`${directory}/state/000002-counts.state`);
    disk.change(`${directory}/checkpoint-000001.manifest`, (content) => content.subarray(0, 100));
    const [, second, first] = inspect(disk).checkpoints;
    expect(second?.problems).toEqual(["'/jobs/counts/state/000002-counts.state' cannot be read: there is no such file"]);
    expect(second?.contents?.jobName).toBe('word count');
    expect([first?.problems, first?.contents]).toEqual([[expect.stringMatching(/bytes behind its first line/)], undefined]);
  });

  test('says what a crash has left', async () => {
    const disk = await someCheckpoints();
    disk.put(`${directory}/state/000004-counts.state`, Buffer.alloc(12));
    expect(inspect(disk).unnamed).toEqual([{ path: 'state/000004-counts.state', bytes: 12 }]);
  });

  test('may be without state, or without checkpoints', () => {
    const disk = new VirtualDisk();
    disk.storage.makeDirectory(directory);
    disk.put(`${directory}/lock`, '');
    expect(inspect(disk)).toEqual({ directory, checkpoints: [], unnamed: [] });
  });

  test('must be there', () => {
    expect(() => inspect(new VirtualDisk())).toThrow(
      expect.objectContaining({
        code: 'STATE_DIR',
        message: expect.stringMatching(/^there is no directory '\/jobs\/counts'; a job that has finished leaves none/),
      }),
    );
  });
});

describe('a checkpoint by its path', () => {
  test.each([
    [directory, 3],
    [`${directory}/checkpoint-000001.manifest`, 1],
    [`${directory}/savepoint-000003.manifest`, 3],
  ])('%s', async (path, id) => {
    expect(locateCheckpoint(path, (await someCheckpoints()).storage)).toEqual({ directory, entry: expect.objectContaining({ id }) });
  });

  test.each([
    ['/nowhere', "there is no checkpoint or savepoint at '/nowhere'; name a directory"],
    [`${directory}/checkpoint-000009.manifest`, "; the newest in that directory is 'savepoint-000003.manifest'; name"],
    [`${directory}/state`, `there is no checkpoint or savepoint at '${directory}/state'`],
  ])('%s: not there', async (path, message) => {
    const disk = await someCheckpoints();
    expect(() => locateCheckpoint(path, disk.storage)).toThrow(
      expect.objectContaining({ code: 'STATE_DIR', message: expect.stringContaining(message) }),
    );
    disk.before = () => {
      throw systemError('EACCES', path);
    };
    expect(() => locateCheckpoint(path, disk.storage)).toThrow(/cannot be read: Error: EACCES/);
  });
});
