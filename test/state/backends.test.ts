import { describe, expect, test } from 'vitest';
import { MillraceError } from '../../src/base/errors.ts';
import { hashNumber } from '../../src/base/hash.ts';
import { limitsWith } from '../../src/base/limits.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { Storage } from '../../src/base/system.ts';
import { ByteSink } from '../../src/batch/byte-sink.ts';
import type { DiskLogOptions } from '../../src/state/disk/disk-log.ts';
import { DiskLog } from '../../src/state/disk/disk-log.ts';
import { StateLog } from '../../src/state/state-log.ts';
import { VirtualDisk } from '../checkpoint/virtual-disk.ts';
import { type Backend, backendConformance, Subject } from './backend-conformance.ts';

backendConformance('state in memory', () => ({ open: (contents, tracks) => new StateLog(contents, { tracks, segmentsMax: 3 }) }));

function disk(memory: number, limits: Partial<DiskLogOptions['limits']>): Backend {
  const { storage } = new VirtualDisk();
  storage.makeDirectory('/disk');
  let opened = 0;
  return {
    open: (contents, incremental) =>
      new DiskLog(contents, {
        storage,
        prefix: `/disk/${opened++}`,
        limits: { ...limitsWith(), ...limits },
        memory: () => memory,
        incremental,
        warn: () => {},
      }),
  };
}

backendConformance('state on disk, of which hardly anything is in memory', () =>
  disk(1, { diskSegmentBytes: 400, diskSegmentFiles: 2, stateSegments: 2, stateWriteBytes: 100 }),
);
backendConformance('state on disk, of which a part is in memory', () =>
  disk(12_000, { diskSegmentBytes: 600, diskSegmentFiles: 3, stateSegments: 1, stateWriteBytes: 200 }),
);
backendConformance('state on disk, of which all is in memory', () => disk(2 ** 30, {}));

describe('state on disk', () => {
  const hash = (key: unknown): number => hashNumber(key as number);

  function opened(options: {
    memory: number;
    storage?: Storage;
    limits?: Partial<DiskLogOptions['limits']>;
    warn?: (message: string) => void;
    hash?: (key: unknown) => number;
  }) {
    const disk = new VirtualDisk();
    const storage = options.storage ?? disk.storage;
    storage.makeDirectory('/disk');
    const logs: DiskLog[] = [];
    const backend: Backend = {
      open: (contents, incremental) => {
        const log = new DiskLog(contents, {
          storage,
          prefix: '/disk/0',
          limits: { ...limitsWith(), diskSegmentBytes: 10_000, stateWriteBytes: 1000, ...options.limits },
          memory: () => options.memory,
          incremental,
          warn: options.warn ?? (() => {}),
        });
        logs.push(log);
        return log;
      },
    };
    const subject = new Subject(backend, { incremental: true, now: () => 0, hash: options.hash ?? hash });
    return { subject, log: logs[0] as DiskLog, disk };
  }

  test('keeps no more units in memory than there is room for, and files of less than four times what they hold', () => {
    const { subject, log, disk } = opened({ memory: 400_000 });
    const random = seededRandom(1);
    let held = 0;
    for (let batch = 0; batch < 400; batch++) {
      for (let i = 0; i < 50; i++) subject.with(Math.floor(random.next() * 4000), ({ count }) => count.update((count.value ?? 0) + 1));
      subject.endBatch();
      expect(log.resident.bytes).toBeLessThanOrEqual(400_000);
      held = Math.max(held, log.resident.units);
    }
    expect(held).toBeGreaterThan(400);
    expect(held).toBeLessThan(2400);
    const bytes = disk.paths().reduce((sum, path) => sum + disk.bytes(path).length, 0);
    expect(bytes).toBeLessThan(4 * 4000 * 40);
    let sum = 0;
    for (let key = 0; key < 4000; key++) {
      sum += subject.with(key, ({ count }) => count.value ?? 0);
      if (key % 100 === 0) subject.endBatch();
    }
    expect(sum).toBe(20_000);
    log.close();
    expect(disk.paths()).toEqual([]);
  });

  test('sees state that grows in memory, although its key never leaves it', () => {
    const { subject, log } = opened({ memory: 300_000 });
    for (let batch = 0; batch < 300; batch++) {
      for (let key = 0; key < 40; key++) subject.with(key, ({ list }) => list.add(`element ${batch} of ${key}`));
      subject.endBatch();
    }
    expect(log.resident.bytes).toBeLessThanOrEqual(300_000);
    expect(log.resident.units).toBeLessThan(40);
    for (let key = 0; key < 40; key++) {
      expect(subject.with(key, ({ list }) => list.get().length)).toBe(300);
      subject.endBatch();
    }
  });

  test('keeps keys that must stay, and says so', () => {
    const warnings: string[] = [];
    const { subject, log } = opened({ memory: 1, warn: (message) => warnings.push(message) });
    for (let key = 0; key < 100; key++) {
      subject.with(key, ({ count }) => count.update(key));
      subject.pinned.add(subject.index.ofValue(hash(key), key));
    }
    subject.endBatch();
    expect(log.resident.units).toBe(100);
    expect(warnings.filter((warning) => warning.includes('timers'))).toHaveLength(1);
    subject.pinned.clear();
    for (let key = 0; key < 20; key++) subject.with(1000 + key, ({ count }) => count.update(key));
    subject.endBatch();
    expect(log.resident.units).toBeLessThan(30);
  });

  /** Some batches and a checkpoint, through all calls of the disk; what was read must be what was written. */
  function work(storage: Storage): void {
    const { subject, log } = opened({ memory: 1, storage, limits: { diskSegmentFiles: 2, diskSegmentBytes: 500, stateWriteBytes: 100 } });
    try {
      const counts = new Map<number, number>();
      for (let batch = 0; batch < 12; batch++) {
        for (let i = 0; i < 10; i++) {
          const key = (batch * 7 + i * 3) % 23;
          const count = (counts.get(key) ?? 0) + 1;
          subject.with(key, ({ count: state }) => {
            state.update((state.value ?? 0) + 1);
            expect(state.value).toBe(count);
          });
          counts.set(key, count);
        }
        subject.endBatch();
        if (batch % 4 !== 3) continue;
        const snapshot = log.begin(batch === 7);
        try {
          const sink = new ByteSink();
          while (!snapshot.encode(sink, 3));
          for (const { read, bytes } of snapshot.files ?? []) read(Buffer.alloc(bytes), bytes, 0);
          snapshot.stored(`s${batch}`);
        } catch (error) {
          snapshot.failed();
          expect((error as MillraceError).code).toBe('STATE_DISK');
        }
      }
    } finally {
      log.close();
    }
  }

  test('fails with an error that a restart may help with, whichever call of the disk fails, and never holds anything else', () => {
    const clean = new VirtualDisk();
    work(clean.storage);
    expect(clean.calls).toBeGreaterThan(100);
    let failures = 0;
    for (let failing = 2; failing <= clean.calls; failing++) {
      const disk = new VirtualDisk();
      disk.before = (call, name) => {
        if (call === failing) throw Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), { code: 'ENOSPC' });
      };
      try {
        work(disk.storage);
      } catch (error) {
        if (!(error instanceof MillraceError)) throw error;
        expect(error.code).toBe('STATE_DISK');
        expect(error.retryable).toBe(true);
        expect(error.message).toContain('/disk/0-');
        failures++;
      }
    }
    // Only what could not be closed or removed does no harm.
    expect(failures).toBeGreaterThan(clean.calls / 3);
  });

  test.each([
    ['hashes as they are', hash],
    ['four hashes for all', (key: unknown) => (key as number) % 4],
  ])('brings back all keys of a batch, those that are new to it among them: %s', (_, hash) => {
    const { subject } = opened({ memory: 1, hash });
    for (let key = 0; key < 400; key++) subject.with(key, ({ list }) => list.add(`first ${key}`.repeat(key % 90 === 0 ? 500 : 1)));
    subject.endBatch();
    const keys = Float64Array.from({ length: 600 }, (_, row) => (row * 7) % 500);
    const slots = new Int32Array(600);
    subject.index.ofNumbers({ keys, hashes: Int32Array.from(keys, hash), rows: 600, slots });
    for (const [row, key] of keys.entries()) {
      expect(subject.index.key(slots[row] as number)).toBe(key);
      subject.states.select(slots[row] as number);
      expect(subject.states.accessors.list.get()).toEqual(key < 400 ? [`first ${key}`.repeat(key % 90 === 0 ? 500 : 1)] : []);
      subject.states.deselect();
    }
  });

  test('is written by whole blocks until a segment is full', () => {
    const { subject, disk } = opened({ memory: 1, limits: { diskSegmentBytes: 50_000, stateWriteBytes: 1024 } });
    for (let key = 0; key < 1000; key++) {
      subject.with(key, ({ list }) => list.add(`of ${key}`.repeat(key % 20)));
      if (key % 10 === 0) subject.endBatch();
      const sizes = disk.paths().map((path) => disk.bytes(path).length);
      expect(sizes.every((size) => size >= 50_000 || size % 1024 === 0)).toBe(true);
    }
    expect(disk.paths().length).toBeGreaterThan(1);
  });

  test('takes long entries, and short ones among them', () => {
    const { subject } = opened({ memory: 1 });
    const long = (key: number): string => `${key}`.repeat(key % 10 === 0 ? 20_000 : 2);
    for (let key = 0; key < 60; key++) {
      subject.with(key, ({ list }) => list.add(long(key)));
      if (key % 7 === 0) subject.endBatch();
    }
    subject.endBatch();
    for (let key = 0; key < 60; key++) {
      expect(subject.with(key, ({ list }) => list.get())).toEqual([long(key)]);
      subject.endBatch();
    }
  });
});
