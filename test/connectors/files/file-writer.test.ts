/** The file sink where checkpoints are taken: when parts end, what is hidden, and what comes back after a failure. */

import { mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Limits, limitsWith } from '../../../src/base/limits.ts';
import { buckets } from '../../../src/connectors/files/buckets.ts';
import { type FileSinkOptions, fileSink } from '../../../src/connectors/files/file-sink.ts';
import type { FileSinkState, PartTransaction } from '../../../src/connectors/files/file-writer.ts';
import type { RestoredSink, SinkContext, TwoPhaseCommitWriter } from '../../../src/graph/sink.ts';
import { nodeSystem } from '../../../src/platform/node-system.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { sinkContext, temporaryDirectory } from '../support.ts';
import { filesBelow, textOf } from './files-below.ts';

interface Taken {
  readonly transactions: readonly PartTransaction[];
  readonly state: FileSinkState;
}

/** A directory, and the writers of subtasks that write to it. */
class Setting {
  readonly directory = join(temporaryDirectory(), 'out');
  readonly clock = new ManualClock(Date.UTC(2024, 0, 31, 23, 30), (callback) => void setImmediate(callback));
  readonly warnings: string[] = [];
  readonly failures: unknown[] = [];
  #options: FileSinkOptions<never>;
  readonly #context: Partial<SinkContext>;
  #checkpoint = 0;

  constructor(options: Partial<FileSinkOptions<never>> = {}, context: Partial<SinkContext> = {}, limits: Partial<Limits> = {}) {
    this.#options = { format: 'text', ...options };
    this.#context = { checkpoints: true, limits: limitsWith(limits), ...context };
  }

  /** The same directory, with a sink that was changed. */
  with(options: FileSinkOptions<never>): this {
    this.#options = options;
    return this;
  }

  context(changes: Partial<SinkContext> = {}): SinkContext {
    const { storage, random } = nodeSystem();
    return sinkContext({
      ...this.#context,
      system: { storage, random, clock: this.clock, timers: this.clock },
      warn: (message) => this.warnings.push(message),
      fail: (error) => this.failures.push(error),
      ...changes,
    });
  }

  get #sink() {
    return fileSink<unknown>(this.directory, this.#options as FileSinkOptions);
  }

  writer(changes: Partial<SinkContext> = {}, restored?: RestoredSink<PartTransaction, FileSinkState>) {
    return this.#sink.createWriter(this.context(changes), restored);
  }

  /** A writer that goes on from what was taken of all subtasks; its transactions are committed before. */
  async restored(taken: readonly Taken[], changes: Partial<SinkContext> = {}) {
    const everything = { states: taken.map(({ state }) => state), transactions: taken.flatMap(({ transactions }) => transactions) };
    const { subtask = 0, parallelism = 1 } = changes;
    const states = everything.states.filter((_, i) => i % parallelism === subtask);
    if (subtask === 0) await this.commit(...taken);
    return this.writer(changes, { states, everything });
  }

  async take(writer: TwoPhaseCommitWriter<unknown, PartTransaction, FileSinkState>, isLast = false): Promise<Taken> {
    await writer.flush?.();
    const transactions = await writer.prepareCommit(++this.#checkpoint, isLast);
    return { transactions, state: writer.snapshot?.() as FileSinkState };
  }

  async commit(...taken: readonly Taken[]): Promise<void> {
    for (const { transactions } of taken) await this.#sink.commit(transactions, this.context());
  }

  async end(writer: TwoPhaseCommitWriter<unknown, PartTransaction, FileSinkState>): Promise<void> {
    await writer.flush?.();
    await writer.finish?.();
    const transactions = await writer.prepareCommit(undefined, true);
    await this.#sink.commit(transactions, this.context());
    writer.close?.();
  }

  files(): Record<string, string> {
    return filesBelow(this.directory);
  }

  put(path: string, text = 'old\n'): void {
    mkdirSync(dirname(join(this.directory, path)), { recursive: true });
    writeFileSync(join(this.directory, path), text);
  }
}

describe('with checkpoints', () => {
  test('a part goes on behind a checkpoint, and gets its name with the one behind which it ends', async () => {
    const setting = new Setting();
    const writer = setting.writer();
    writer.write('a');
    await setting.commit(await setting.take(writer));
    expect(setting.files()).toEqual({ '.part-0-0.txt.inprogress': 'a\n' });
    writer.write('b');
    await setting.end(writer);
    expect(setting.files()).toEqual({ 'part-0-0.txt': 'a\nb\n' });
  });

  test('a subtask without records leaves no part', async () => {
    const setting = new Setting({ format: 'csv', csv: { columns: ['a'] } });
    const writer = setting.writer();
    await setting.take(writer);
    await setting.end(writer);
    expect(setting.files()).toEqual({});
  });

  test.each([1, 2, 7, 65536])('parts end at their size, with %i bytes gathered', async (sinkBytes) => {
    const setting = new Setting({ rolling: { size: 8 } }, {}, { sinkBytes });
    const writer = setting.writer();
    for (const record of ['aaa', 'bbb', 'ccccccccccccc', 'd', 'é']) writer.write(record);
    await setting.end(writer);
    expect(setting.files()).toEqual({ 'part-0-0.txt': 'aaa\nbbb\n', 'part-0-1.txt': 'ccccccccccccc\n', 'part-0-2.txt': 'd\né\n' });
  });

  test('parts end when they are old, and when nothing is written, also while nothing happens', async () => {
    const setting = new Setting({ rolling: { interval: '10s', inactivity: '3s' } });
    const writer = setting.writer();
    for (let second = 0; second < 12; second += 2) {
      writer.write(second);
      setting.clock.advance(2000);
    }
    setting.clock.advance(60_000);
    const taken = await setting.take(writer);
    expect(taken.state.open).toEqual([]);
    await setting.commit(taken);
    expect(setting.files()).toEqual({ 'part-0-0.txt': '0\n2\n4\n6\n8\n', 'part-0-1.txt': '10\n' });
    writer.close?.();
    expect(setting.clock.nextTimer).toBe(Number.POSITIVE_INFINITY);
  });

  test('parts end with the checkpoint that the job is stopped with, and others begin when it goes on', async () => {
    const setting = new Setting();
    const writer = setting.writer();
    writer.write('a');
    await setting.take(writer);
    writer.write('b');
    const taken = await setting.take(writer, true);
    expect(taken).toEqual({
      transactions: [{ path: 'part-0-0.txt', bytes: 4 }],
      state: { directory: setting.directory, next: [[0, 1]], open: [] },
    });
    writer.close?.();
    const next = await setting.restored([taken]);
    next.write('c');
    await setting.end(next);
    expect(setting.files()).toEqual({ 'part-0-0.txt': 'a\nb\n', 'part-0-1.txt': 'c\n' });
  });

  test('a job that was to be stopped with a checkpoint that failed goes on with other parts', async () => {
    const setting = new Setting();
    const writer = setting.writer();
    writer.write('a');
    const failed = await setting.take(writer, true);
    writer.write('b');
    const taken = await setting.take(writer);
    await setting.commit(failed, taken);
    expect(setting.files()).toEqual({ 'part-0-0.txt': 'a\n', '.part-0-1.txt.inprogress': 'b\n' });
    await setting.end(writer);
    expect(setting.files()).toEqual({ 'part-0-0.txt': 'a\n', 'part-0-1.txt': 'b\n' });
  });

  test.each([1, 3, 65536])('compressed parts are whole wherever a checkpoint has cut them, with %i bytes gathered', async (sinkBytes) => {
    const setting = new Setting({ format: 'csv', compression: 'gzip' }, {}, { sinkBytes });
    const writer = setting.writer();
    writer.write({ id: 1 });
    writer.flush?.();
    writer.write({ id: 2 });
    const taken = await setting.take(writer);
    const path = join(setting.directory, '.part-0-0.csv.gz.inprogress');
    expect(textOf('.gz', readFileSync(path))).toBe('id\n1\n2\n');
    writer.write({ id: 3 });
    await setting.take(writer);
    writer.close?.();
    const next = await setting.restored([taken]);
    next.write({ id: 4 });
    await setting.end(next);
    expect(setting.files()).toEqual({ 'part-0-0.csv.gz': 'id\n1\n2\n4\n' });
  });

  test('a part goes on as it was begun, whatever the sink says of compression since', async () => {
    const setting = new Setting({ compression: 'gzip' });
    const writer = setting.writer();
    writer.write('a');
    const taken = await setting.take(writer);
    writer.close?.();
    const next = await setting.with({ format: 'text' }).restored([taken]);
    next.write('b');
    await setting.end(next);
    expect(setting.files()).toEqual({ 'part-0-0.txt.gz': 'a\nb\n' });
  });

  test('compressed parts roll by the bytes that they have in the file', async () => {
    const setting = new Setting({ compression: 'gzip', rolling: { size: 30 } }, {}, { sinkBytes: 4 });
    const writer = setting.writer();
    for (const record of ['aaaa', 'b', 'c', 'd']) writer.write(record);
    await setting.end(writer);
    expect(setting.files()).toEqual({ 'part-0-0.txt.gz': 'aaaa\nb\nc\n', 'part-0-1.txt.gz': 'd\n' });
  });

  test('the parts of a checkpoint are made safe by one synchronization of each directory', async () => {
    const setting = new Setting({ bucket: (line: string) => line.slice(0, 1) } as never);
    const writer = setting.writer();
    for (const line of ['a1', 'b1', 'c1']) writer.write(line);
    const first = await setting.take(writer, true);
    for (const line of ['a2', 'b2']) writer.write(line);
    const second = await setting.take(writer, true);
    const { storage, random } = nodeSystem();
    const synced: string[] = [];
    const syncDirectory = async (path: string): Promise<void> => void synced.push(path.slice(setting.directory.length + 1));
    const system = { storage: { ...storage, syncDirectory }, random, clock: setting.clock, timers: setting.clock };
    const sink = fileSink<unknown>(setting.directory, { format: 'text' });
    await sink.commit([...first.transactions, ...second.transactions], setting.context({ system }));
    expect(synced.sort()).toEqual(['a', 'b', 'c']);
    expect(Object.keys(setting.files())).toHaveLength(5);
  });

  test('parts end with every checkpoint where that is asked for', async () => {
    const setting = new Setting({ rolling: { onCheckpoint: true } });
    const writer = setting.writer();
    writer.write('a');
    const first = await setting.take(writer);
    writer.write('b');
    await setting.take(writer);
    await setting.commit(first);
    expect(setting.files()).toEqual({ 'part-0-0.txt': 'a\n', '.part-0-1.txt.inprogress': 'b\n' });
    writer.close?.();
  });

  test('what was written behind the checkpoint is gone, and the header is there once', async () => {
    const setting = new Setting({ format: 'csv' });
    const writer = setting.writer();
    writer.write({ a: 1, b: 2 });
    const taken = await setting.take(writer);
    writer.write({ a: 3, b: 4 });
    writer.flush?.();
    writer.close?.();
    const next = await setting.restored([taken]);
    next.write({ a: 5, b: 6 });
    expect(() => next.write({ c: 1 })).toThrow(/lacks 'a', 'b'/);
    await setting.end(next);
    expect(setting.files()).toEqual({ 'part-0-0.csv': 'a,b\n1,2\n5,6\n' });
  });

  test('what was begun behind the checkpoint is removed, and nothing else', async () => {
    const setting = new Setting({ bucket: (record: string) => record, rolling: { onCheckpoint: true } });
    const writer = setting.writer();
    writer.write('x');
    const taken = await setting.take(writer);
    writer.write('y/z');
    await setting.take(writer);
    writer.close?.();
    const mine = { 'x/.part-5.txt.inprogress': 'old\n', '.other-0-0.txt.inprogress': 'old\n', 'y/part-0-0.csv': 'old\n', notes: 'old\n' };
    for (const path of Object.keys(mine)) setting.put(path);
    setting.put('y/.part-7-3.txt.inprogress');
    await setting.end(await setting.restored([taken]));
    expect(setting.files()).toEqual({ ...mine, 'x/part-0-0.txt': 'x\n' });
  });

  test('subtasks that are no more leave their parts to others, and names are never given twice', async () => {
    const setting = new Setting();
    const taken: Taken[] = [];
    for (const subtask of [0, 1, 2]) {
      const writer = setting.writer({ subtask, parallelism: 3 });
      writer.write(subtask);
      taken.push(await setting.take(writer));
      writer.close?.();
    }
    const one = await setting.restored(taken);
    one.write('one');
    const only = await setting.take(one);
    await setting.commit(only);
    expect(setting.files()).toEqual({ '.part-0-0.txt.inprogress': '0\none\n', 'part-1-0.txt': '1\n', 'part-2-0.txt': '2\n' });
    one.close?.();
    // Somebody takes what is complete.
    for (const path of ['part-1-0.txt', 'part-2-0.txt']) rmSync(join(setting.directory, path));
    for (const subtask of [0, 1]) {
      const writer = await setting.restored([{ ...only, transactions: [] }], { subtask, parallelism: 2 });
      writer.write('two');
      await setting.end(writer);
    }
    expect(setting.files()).toEqual({ 'part-0-0.txt': '0\none\ntwo\n', 'part-1-1.txt': 'two\n' });
  });

  test('a part that lost bytes, or is gone, is an error that names it', async () => {
    const setting = new Setting({ rolling: { size: 2 } });
    const writer = setting.writer();
    writer.write('complete');
    writer.write('');
    const taken = await setting.take(writer);
    writer.close?.();
    const { open } = taken.state;
    expect(open.map(({ path, length }) => ({ path, length }))).toEqual([{ path: 'part-0-1.txt', length: 1 }]);
    await setting.commit(taken);
    await setting.commit(taken);
    truncateSync(join(setting.directory, '.part-0-1.txt.inprogress'), 0);
    await expect(setting.restored([taken])).rejects.toMatchObject({
      code: 'SINK_CORRUPT',
      message: expect.stringMatching(/part-0-1\.txt\.inprogress' has 0 bytes, not 1, as the checkpoint says; bring it back, or start over/),
    });
    rmSync(join(setting.directory, '.part-0-1.txt.inprogress'));
    const lost = { code: 'SINK_CORRUPT', message: expect.stringMatching(/part-0-1\.txt' is in the checkpoint, but neither it nor/) };
    await expect(setting.restored([taken])).rejects.toMatchObject(lost);
    rmSync(join(setting.directory, 'part-0-0.txt'));
    await expect(setting.commit(taken)).rejects.toMatchObject({ message: expect.stringMatching(/part-0-0\.txt' is in the checkpoint/) });
  });

  test('a part that was cut after it was prepared is not taken for whole', async () => {
    const setting = new Setting();
    const writer = setting.writer();
    writer.write('complete');
    const taken = await setting.take(writer, true);
    writer.close?.();
    const hidden = join(setting.directory, '.part-0-0.txt.inprogress');
    truncateSync(hidden, 3);
    const cut = /\.part-0-0\.txt\.inprogress' has 3 bytes, where 9 were written; bring it back, or start over/;
    await expect(setting.commit(taken)).rejects.toMatchObject({ code: 'SINK_CORRUPT', message: expect.stringMatching(cut) });
    expect(Object.keys(setting.files())).toEqual(['.part-0-0.txt.inprogress']);
    writeFileSync(hidden, 'complete\n');
    await setting.commit(taken);
    expect(setting.files()).toEqual({ 'part-0-0.txt': 'complete\n' });
  });

  test('a part that a later checkpoint has committed stays as it is, with a warning', async () => {
    const setting = new Setting();
    const writer = setting.writer();
    writer.write('a');
    const taken = await setting.take(writer);
    writer.write('b');
    await setting.end(writer);
    const next = await setting.restored([taken]);
    next.write('b');
    await setting.end(next);
    expect(setting.files()).toEqual({ 'part-0-0.txt': 'a\nb\n', 'part-0-1.txt': 'b\n' });
    expect(setting.warnings).toEqual([expect.stringMatching(/part-0-0\.txt' was committed after the checkpoint/)]);
  });

  test('of parts that were begun after the checkpoint and committed, one is named in a warning', async () => {
    const setting = new Setting({ rolling: { onCheckpoint: true } });
    const writer = setting.writer();
    writer.write('a');
    const taken = await setting.take(writer);
    for (const line of ['b', 'c']) {
      writer.write(line);
      await setting.commit(await setting.take(writer));
    }
    const next = await setting.restored([taken]);
    next.write('b');
    await setting.end(next);
    expect(setting.files()).toEqual({ 'part-0-0.txt': 'a\n', 'part-0-1.txt': 'b\n', 'part-0-2.txt': 'c\n', 'part-0-3.txt': 'b\n' });
    expect(setting.warnings).toEqual([
      expect.stringMatching(/part-0-1\.txt' and 1 more were committed after the checkpoint .* is written once more/),
    ]);
  });

  test('a new run does not write beside the parts of an earlier one, unless it may replace them', async () => {
    const old = { 'part-3.txt': 'old\n', 'a/part-0-7.txt': 'old\n', 'a/.part-0-8.txt.inprogress': 'old\n', 'b/part-0-1.csv': 'old\n' };
    const begin = async (overwrite: boolean): Promise<Setting> => {
      const setting = new Setting({ bucket: () => 'a', overwrite });
      for (const path of Object.keys(old)) setting.put(path);
      try {
        await setting.end(setting.writer());
      } catch (error) {
        expect(setting.files()).toEqual(old);
        throw error;
      }
      return setting;
    };
    await expect(begin(false)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/holds 'a\/part-0-7\.txt' of an earlier run/),
    });
    expect((await begin(true)).files()).toEqual({ 'b/part-0-1.csv': 'old\n' });
  });

  test('a part that cannot be committed is an error that names it', async () => {
    const setting = new Setting();
    const writer = setting.writer();
    writer.write('a');
    writer.finish?.();
    const transactions = await writer.prepareCommit(undefined, true);
    mkdirSync(join(setting.directory, 'part-0-0.txt'));
    const sink = fileSink<unknown>(setting.directory, { format: 'text' });
    await expect(sink.commit(transactions, setting.context())).rejects.toMatchObject({
      code: 'SINK_FAILED',
      message: expect.stringMatching(/cannot commit '.*part-0-0\.txt': EISDIR/),
    });
  });
});

describe('without checkpoints', () => {
  test('parts get their names as they are rolled', async () => {
    const setting = new Setting({ rolling: { size: 4 } }, { checkpoints: false });
    const writer = setting.writer();
    writer.write('aaa');
    writer.write('b');
    writer.flush?.();
    while (setting.files()['part-0-0.txt'] === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(setting.files()).toEqual({ 'part-0-0.txt': 'aaa\n', '.part-0-1.txt.inprogress': 'b\n' });
    await setting.end(writer);
    expect(setting.files()).toEqual({ 'part-0-0.txt': 'aaa\n', 'part-0-1.txt': 'b\n' });
  });

  test('what cannot get its name fails the job', async () => {
    const setting = new Setting({ rolling: { size: 1 } }, { checkpoints: false });
    const writer = setting.writer();
    setting.put('part-0-0.txt/in-the-way');
    writer.write('a');
    while (setting.failures.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(setting.failures).toEqual([expect.objectContaining({ code: 'SINK_FAILED' })]);
    writer.close?.();
  });

  test('the one part goes on behind a savepoint', async () => {
    const setting = new Setting({}, { checkpoints: false });
    const writer = setting.writer();
    writer.write('a');
    const taken = await setting.take(writer);
    expect(taken.transactions).toEqual([]);
    writer.write('b');
    writer.flush?.();
    writer.close?.();
    const next = await setting.restored([taken]);
    next.write('c');
    await setting.end(next);
    expect(setting.files()).toEqual({ 'part-0.txt': 'a\nc\n' });
  });
});

test('without checkpoints the part is whole with the savepoint that the job is stopped with, and not before', async () => {
  const setting = new Setting({}, { checkpoints: false });
  const writer = setting.writer();
  writer.write('a');
  const taken = await setting.take(writer, true);
  expect(setting.files()).toEqual({ '.part-0.txt.inprogress': 'a\n' });
  await setting.commit(taken);
  writer.close?.();
  const next = await setting.restored([taken]);
  next.write('b');
  await setting.end(next);
  expect(setting.files()).toEqual({ 'part-0.txt': 'a\n', 'part-0-0.txt': 'b\n' });
});

describe('buckets', () => {
  test('have parts of their own, numbered together', async () => {
    const setting = new Setting({ bucket: ({ country }: { country: string }) => country, format: 'json' });
    const writer = setting.writer({ subtask: 2, parallelism: 3 });
    for (const country of ['', 'eu/de', 'us', 'eu/de']) writer.write({ country });
    await setting.end(writer);
    expect(setting.files()).toEqual({
      'part-2-0.jsonl': '{"country":""}\n',
      'eu/de/part-2-1.jsonl': '{"country":"eu/de"}\n{"country":"eu/de"}\n',
      'us/part-2-2.jsonl': '{"country":"us"}\n',
    });
  });

  test('that were not written for the longest time end when there are too many', async () => {
    const setting = new Setting({ bucket: (record: string) => record }, {}, { sinkFiles: 2 });
    const writer = setting.writer();
    for (const record of ['a', 'b', 'a', 'c', 'a', 'b']) writer.write(record);
    await setting.commit(await setting.take(writer));
    expect(Object.keys(setting.files())).toEqual([
      'a/.part-0-0.txt.inprogress',
      'b/.part-0-3.txt.inprogress',
      'b/part-0-1.txt',
      'c/part-0-2.txt',
    ]);
    await setting.end(writer);
    expect(setting.files()).toEqual({
      'a/part-0-0.txt': 'a\na\na\n',
      'b/part-0-1.txt': 'b\n',
      'b/part-0-3.txt': 'b\n',
      'c/part-0-2.txt': 'c\n',
    });
  });

  test.each(['/etc', '../up', 'a//b', 'a/', '.', 'a\\b', 'a\0', 'a/b/c/d/e/f/g/h/i', 'x/part-0-0.txt', 7, undefined])(
    'stay below the directory: not %j',
    (bucket) => {
      const setting = new Setting({ bucket: () => bucket as string });
      const writer = setting.writer();
      expect(() => writer.write('a')).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(/bucket must return/) }),
      );
      expect(setting.files()).toEqual({});
    },
  );

  test('may be a pattern', async () => {
    const setting = new Setting({ bucket: '{yyyy}-{MM}-{dd}/{HH}/{status}', format: 'csv' });
    const writer = setting.writer();
    for (const status of ['open', 'closed', 'open']) writer.write({ status });
    await setting.end(writer);
    expect(setting.files()).toEqual({
      '2024-01-31/23/closed/part-0-1.csv': 'status\nclosed\n',
      '2024-01-31/23/open/part-0-0.csv': 'status\nopen\nopen\n',
    });
  });

  test('may be those of the time of day, or of the records', async () => {
    const byTime = new Setting({ bucket: buckets.dateTime() });
    const now = byTime.writer();
    now.write('a');
    byTime.clock.advance(1_800_000);
    now.write('b');
    await byTime.end(now);
    expect(byTime.files()).toEqual({ '2024-01-31--23/part-0-0.txt': 'a\n', '2024-02-01--00/part-0-1.txt': 'b\n' });
    const byEvent = new Setting({ bucket: buckets.dateTime('yyyy/MM/dd', { time: 'event' }) });
    const then = byEvent.writer();
    then.write('a', Date.UTC(1999, 11, 31));
    then.write('b', Date.UTC(2000, 0, 1) - 1);
    then.write('c', Date.UTC(2000, 0, 1));
    expect(() => then.write('d')).toThrow(/a record has no timestamp/);
    await byEvent.end(then);
    expect(byEvent.files()).toEqual({ '1999/12/31/part-0-0.txt': 'a\nb\n', '2000/01/01/part-0-1.txt': 'c\n' });
  });
});

test('parts that were moved away are not looked for again', async () => {
  const setting = new Setting({ rolling: { onCheckpoint: true } });
  const writer = setting.writer();
  writer.write('a');
  await setting.commit(await setting.take(writer));
  renameSync(join(setting.directory, 'part-0-0.txt'), join(setting.directory, 'taken'));
  writer.write('b');
  const taken = await setting.take(writer);
  writer.close?.();
  await setting.end(await setting.restored([taken]));
  expect(setting.files()).toEqual({ 'part-0-1.txt': 'b\n', taken: 'a\n' });
});
