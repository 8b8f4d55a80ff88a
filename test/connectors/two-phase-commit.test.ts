/** Sinks that are exactly once keep their contract; and the suite finds those that do not. */

import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import type { Storage } from '../../src/base/system.ts';
import { type FileSinkOptions, fileSink } from '../../src/connectors/files/file-sink.ts';
import type { SinkContext, TwoPhaseCommitSink } from '../../src/graph/sink.ts';
import { nodeStorage } from '../../src/platform/node-storage.ts';
import { type TransactionalTarget, verifyTwoPhaseCommitSink } from '../../src/testing/verify-two-phase-commit.ts';
import { Crash, systemError, VirtualDisk } from '../checkpoint/virtual-disk.ts';
import { filesBelow, textOf } from './files/files-below.ts';
import { Ledger, type LedgerFault } from './ledger.ts';
import { temporaryDirectory } from './support.ts';
import { describeTwoPhaseCommitConformance } from './two-phase-commit-conformance.ts';

interface Row {
  readonly id: number;
  readonly text: string;
}

const row = (id: number): Row => ({ id, text: 'x'.repeat(id % 7) });

describeTwoPhaseCommitConformance('ledger', { open: () => new Ledger(), record: (index) => `row ${index}` });

const variants: readonly (readonly [name: string, options: Omit<FileSinkOptions<Row>, 'format'>])[] = [
  ['files that go on behind checkpoints', {}],
  ['files that end with checkpoints', { rolling: { onCheckpoint: true } }],
  ['files of a few bytes', { rolling: { size: 60 } }],
  ['files that are compressed', { compression: 'gzip', rolling: { size: 100 } }],
  ['files in buckets', { bucket: ({ id }) => ['', 'a', 'b/c', 'b/d'][id % 4] as string, rolling: { size: 100 } }],
];

/** The rows in what has the name of a part. */
function rowsOf(files: Record<string, string>): Row[] {
  return Object.entries(files)
    .filter(([path]) => !/(^|\/)\./.test(path))
    .flatMap(([, text]) => text.split('\n').slice(0, -1))
    .map((line) => JSON.parse(line) as Row);
}

/** The sink with another disk below it. */
function onDisk<T, C, S>(sink: TwoPhaseCommitSink<T, C, S>, storage: Storage): TwoPhaseCommitSink<T, C, S> {
  const moved = (context: SinkContext): SinkContext => ({ ...context, system: { ...context.system, storage } });
  return {
    ...sink,
    createWriter: (context, restored) => sink.createWriter(moved(context), restored),
    commit: (transactions, context) => sink.commit(transactions, moved(context)),
  };
}

const directory = '/data/out';

/** Whether the disk made up the error. */
function isInjected(error: unknown): boolean {
  if (error instanceof Crash || (error as NodeJS.ErrnoException).code === 'ENOSPC') return true;
  return error instanceof Error && error.cause !== undefined && isInjected(error.cause);
}

/** Files on the disk by their paths in the directory of the sink. */
function filesOn(disk: VirtualDisk): Record<string, string> {
  return Object.fromEntries(disk.paths(directory).map((path) => [path.slice(directory.length + 1), textOf(path, disk.bytes(path))]));
}

function forgetfulTarget(sink: TwoPhaseCommitSink<Row>, seed: number): TransactionalTarget<Row> & { readonly disk: VirtualDisk } {
  const random = seededRandom(seed);
  const disk = new VirtualDisk();
  let attempts = 0;
  return {
    disk,
    createSink: () => {
      // It comes to an end some time.
      const last = disk.calls + (attempts++ < 10 ? 5 + Math.floor(random.next() * 150) : Number.POSITIVE_INFINITY);
      disk.before = (call) => {
        if (call > last) throw new Crash();
      };
      return onDisk(sink, disk.storage);
    },
    visible: () => rowsOf(filesOn(disk)),
    crash: () => {
      disk.kill();
      if (random.next() < 0.7) disk.crash(random);
    },
    isInjected,
  };
}

describe.each(variants)('%s', (_name, options) => {
  const holdsBack = options.rolling?.onCheckpoint !== true;
  const sink = (directory: string) => fileSink<Row>(directory, { format: 'json', ...options });

  describeTwoPhaseCommitConformance('on a real disk', {
    record: row,
    holdsBack,
    runs: 8,
    open: (): TransactionalTarget<Row> => {
      const directory = temporaryDirectory();
      return { createSink: () => onDisk(sink(directory), nodeStorage), visible: () => rowsOf(filesBelow(directory)) };
    },
  });

  describeTwoPhaseCommitConformance('on a disk that forgets, killed at any call', {
    record: row,
    holdsBack,
    runs: 80,
    open: (seed) => forgetfulTarget(sink(directory), seed),
  });
});

test.each(variants)('%s: nothing is left behind', async (_name, options) => {
  const targets: ReturnType<typeof forgetfulTarget>[] = [];
  const open = (seed: number): TransactionalTarget<Row> => {
    const target = forgetfulTarget(fileSink<Row>(directory, { format: 'json', ...options }), seed);
    // Every tenth run is that of a job without checkpoints, which does not go on when it has crashed.
    if (seed % 10 !== 0) targets.push(target);
    return target;
  };
  await verifyTwoPhaseCommitSink({ open, record: row, holdsBack: true, runs: 30, seed: 500 });
  for (const { disk } of targets) expect(Object.keys(filesOn(disk)).filter((path) => path.endsWith('.inprogress'))).toEqual([]);
});

test.each(variants)('%s: any call to the disk may fail, once', async (_name, options) => {
  for (const seed of [3, 4, 5]) {
    let calls = Number.POSITIVE_INFINITY;
    for (let failing = 1; failing <= calls; failing++) {
      const disk = new VirtualDisk();
      disk.before = (call) => {
        if (call === failing) throw systemError('ENOSPC', directory);
      };
      const sink = fileSink<Row>(directory, { format: 'json', ...options });
      const open = (): TransactionalTarget<Row> => ({
        createSink: () => onDisk(sink, disk.storage),
        visible: () => rowsOf(filesOn(disk)),
        isInjected,
      });
      await verifyTwoPhaseCommitSink({ open, record: row, holdsBack: true, records: 20, runs: 1, seed });
      calls = disk.calls;
    }
    expect(calls).toBeGreaterThan(20);
  }
});

describe('verifyTwoPhaseCommitSink', () => {
  test.each<[LedgerFault, RegExp]>([
    ['commits twice', /with seed \d+, .*'row \d+' is there twice/],
    ['commits early', /is there twice|no complete checkpoint has it/],
    ['loses state', /is missing|is there twice|no complete checkpoint/],
  ])('finds a sink that %s', async (fault, message) => {
    await expect(verifyTwoPhaseCommitSink({ open: () => new Ledger(fault), record: (index) => `row ${index}` })).rejects.toThrow(message);
  });

  test('checks its options', async () => {
    const verify = (options: object) => verifyTwoPhaseCommitSink(options as never);
    await expect(verify({})).rejects.toThrow(/verifyTwoPhaseCommitSink: open must be a function/);
    await expect(verify({ open: () => new Ledger(), record: String, runs: 0 })).rejects.toThrow(/runs must be/);
  });
});
