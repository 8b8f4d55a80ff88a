/** One subtask: the real one of a job, stepped by hand, its outputs read by the test, on a manual clock. */

import { describe, expect, test } from 'vitest';
import type { RecordBatch } from '../../src/batch/record-batch.ts';
import type { LocalChannel } from '../../src/channel/local-channel.ts';
import { recordReader } from '../../src/compiler/input-row.ts';
import { callback, type Sink } from '../../src/index.ts';
import type { StepResult, Subtask } from '../../src/runtime/subtask.ts';
import { TestEnvironment, type TestEnvironmentConfig } from '../../src/testing/index.ts';
import { buildOnlySlot, HandFedSource, manualClock, turnsUntil } from './support.ts';

/** A job of one stage whose records go to the host. */
async function mapping(config: TestEnvironmentConfig = {}, fn: (record: unknown) => unknown = (record) => record) {
  const source = new HandFedSource();
  const clock = manualClock();
  const env = new TestEnvironment({ bufferTimeout: 10, ...config });
  env.fromSource(source).map(fn).toHost('out');
  const slot = await buildOnlySlot(env, clock);
  const [task] = slot.subtasks as [Subtask];
  const [channel] = slot.channels as [LocalChannel];
  const [counters] = slot.counters as [(typeof slot.counters)[number]];
  // Asks for its split, and gets it.
  expect(task.step()).toBe('idle');
  return { source, clock, slot, task, channel, counters };
}

/** A job of one stage that ends in a sink. */
async function sinking(sink: Sink<unknown>, config: TestEnvironmentConfig = {}) {
  const source = new HandFedSource();
  const clock = manualClock();
  const env = new TestEnvironment({ bufferTimeout: 10, ...config });
  env.fromSource(source).sinkTo(sink);
  const slot = await buildOnlySlot(env, clock);
  const [task] = slot.subtasks as [Subtask];
  const [counters] = slot.counters as [(typeof slot.counters)[number]];
  expect(task.step()).toBe('idle');
  return { source, clock, slot, task, counters };
}

/** Steps until one comes to something else than work. */
function run(task: Subtask): StepResult {
  for (let steps = 0; steps < 1000; steps++) {
    const result = task.step();
    if (result !== 'worked') return result;
  }
  throw new Error('the subtask works for ever');
}

/** What waits in a channel, marks by their kind. */
function taken(channel: LocalChannel): unknown[] {
  const elements: unknown[] = [];
  for (let element = channel.poll(); element !== null; element = channel.poll()) {
    if (element.kind === 'batch') elements.push(...rowsOf(element));
    else if (element.kind !== 'watermark') elements.push(element.kind);
    channel.release();
  }
  return elements;
}

function rowsOf(batch: RecordBatch): unknown[] {
  const read = recordReader(batch.type);
  return Array.from({ length: batch.rowCount }, (_, row) => read(batch, row));
}

/** Steps to the end, taking what comes out of it. */
async function finish(task: Subtask, channel?: LocalChannel): Promise<unknown[]> {
  const out: unknown[] = [];
  await turnsUntil(() => {
    task.step();
    if (channel !== undefined) out.push(...taken(channel));
    return task.phase === 'finished';
  }, 'the subtask finishes');
  return out;
}

describe('functions that are slow', () => {
  /** Each row takes so long. */
  async function slowly(milliseconds: (row: number) => number) {
    const write = (row: unknown): void => job.clock.advance(milliseconds(row as number));
    const job = await sinking({ name: 'slow', createWriter: () => ({ write }) });
    return job;
  }

  /** Rows that went through in each step. */
  function rowsByStep({ task, counters }: Awaited<ReturnType<typeof slowly>>): number[] {
    const through: number[] = [];
    while (task.step() === 'worked') through.push(counters.read().recordsIn);
    return through.map((rows, step) => rows - (through[step - 1] ?? 0));
  }

  const hundred = Array.from({ length: 100 }, (_, row) => row);

  test('take few rows in a step, once they are known', async () => {
    const job = await slowly(() => 3);
    job.source.feed(...hundred);
    job.source.feed(0, 1, 2, 3, 4, 5, 6, 7);
    expect(rowsByStep(job)).toEqual([64, ...new Array(12).fill(3), 3, 3, 2]);
  });

  test('take more again when they are fast again, and at least one row', async () => {
    const job = await slowly((row) => (row < 2 ? 50 : 0));
    job.source.feed(...hundred.slice(0, 2));
    job.source.feed(...hundred);
    expect(rowsByStep(job)).toEqual([2, 1, 1, 1, 2, 4, 8, 16, 32, 35]);
  });
});

describe('the life of a subtask', () => {
  test('runs, drains, finishes, seals and is finished', async () => {
    const { source, task, channel } = await mapping();
    const phases = [task.phase];
    source.feed(1, 2);
    source.end();
    const out: unknown[] = [];
    const note = () => {
      if (phases.at(-1) !== task.phase) phases.push(task.phase);
    };
    await turnsUntil(() => {
      note();
      task.step();
      note();
      out.push(...taken(channel));
      return task.phase === 'finished';
    }, 'the subtask finishes');
    expect(phases).toEqual(['running', 'draining', 'finishing', 'sealing', 'finished']);
    expect(out).toEqual([1, 2, 'end']);
    expect(task.step()).toBe('finished');
    expect(taken(channel)).toEqual([]);
  });

  test('is idle while there is no input', async () => {
    const { task } = await mapping();
    expect(run(task)).toBe('idle');
    expect(task.step()).toBe('idle');
    expect(task.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test('does not end before its outputs have taken all', async () => {
    const limits = { localQueueBatches: 1, batchRows: 1 };
    const { source, task, channel } = await mapping({ limits });
    source.feed(1, 2, 3);
    source.end();
    expect(run(task)).toBe('blocked');
    expect(task.phase).toBe('running');
    for (let steps = 0; steps < 5; steps++) expect(task.step()).toBe('blocked');
    expect(await finish(task, channel)).toEqual([1, 2, 3, 'end']);
  });

  test('waits for a sink that finishes, and calls for another step then', async () => {
    let go: () => void = () => {};
    const log: string[] = [];
    const { source, slot, task } = await sinking({
      name: 'slow to finish',
      createWriter: () => ({
        write: (record) => void log.push(`write ${record}`),
        flush: () => void log.push('flush'),
        finish: () => {
          log.push('finish');
          return new Promise((resolve) => {
            go = resolve;
          });
        },
        close: () => void log.push('close'),
      }),
    });
    source.feed('a');
    source.end();
    expect(run(task)).toBe('waiting');
    await turnsUntil(() => log.includes('finish'), 'the sink finishes');
    for (let steps = 0; steps < 5; steps++) expect(task.step()).toBe('waiting');
    expect(task.phase).toBe('finishing');
    const { wakes } = slot;
    go();
    await turnsUntil(() => slot.wakes > wakes, 'it calls for a step');
    expect(task.step()).toBe('finished');
    expect(task.close()).toBeUndefined();
    expect(log).toEqual(['write a', 'flush', 'flush', 'finish', 'close']);
  });

  test('fails with what a sink throws while it finishes, and never ends', async () => {
    const { source, slot, task } = await sinking({
      name: 'broken',
      createWriter: () => ({ write: () => {}, finish: () => Promise.reject(new Error('disk full')) }),
    });
    source.end();
    run(task);
    await turnsUntil(() => slot.failures.length > 0, 'the failure');
    expect(slot.failures).toEqual([expect.objectContaining({ code: 'USER_FUNCTION', message: expect.stringContaining('disk full') })]);
    expect(task.step()).toBe('waiting');
  });
});

describe('a batch that is not full', () => {
  test('leaves when it has waited for the buffer timeout', async () => {
    const { source, clock, task, channel } = await mapping();
    clock.advance(100);
    source.feed('a');
    expect(run(task)).toBe('idle');
    expect(task.deadline).toBe(110);
    clock.advance(5);
    source.feed('b');
    run(task);
    expect(task.deadline).toBe(110);
    expect(taken(channel)).toEqual([]);
    clock.advance(5);
    expect(task.step()).toBe('idle');
    expect(taken(channel)).toEqual(['a', 'b']);
    expect(task.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test('leaves at once without a timeout', async () => {
    const { source, task, channel } = await mapping({ bufferTimeout: 0 });
    source.feed('a');
    task.step();
    run(task);
    expect(taken(channel)).toEqual(['a']);
  });

  test('waits for room, whatever the time: nothing is due while the output is full', async () => {
    const { source, clock, task, channel } = await mapping({ limits: { localQueueBatches: 1, batchRows: 2 } });
    source.feed(1, 2, 3, 4, 5);
    source.feed(6);
    expect(run(task)).toBe('blocked');
    clock.advance(1000);
    expect(task.step()).toBe('blocked');
    expect(task.deadline).toBe(Number.POSITIVE_INFINITY);
    const out = taken(channel);
    run(task);
    out.push(...taken(channel));
    // What waited longer than the timeout while there was no room leaves with the first step that has it.
    run(task);
    out.push(...taken(channel));
    expect(out).toEqual([1, 2, 3, 4, 5]);
    // The last record was not taken in before there was room for it: its time begins then.
    clock.advance(10);
    run(task);
    expect(taken(channel)).toEqual([6]);
  });
});

describe('the memory of a subtask whose output is full', () => {
  test.each([1, 2, 7])('does not grow, with batches of %i rows', async (batchRows) => {
    const { source, task, channel, counters } = await mapping({ limits: { batchRows, localQueueBatches: 2 } });
    for (let batch = 0; batch < 50; batch++) source.feed(...Array.from({ length: batchRows }, (_, i) => batch * batchRows + i));
    const out: unknown[] = [];
    for (let round = 0; round < 100; round++) {
      run(task);
      // The queue, and what one batch of the input became.
      expect(counters.read().queuedOut).toBeLessThanOrEqual(2 + 2);
      if (channel.isEmpty()) break;
      out.push(...takenOne(channel));
    }
    source.end();
    out.push(...(await finish(task, channel)));
    expect(out).toEqual([...Array.from({ length: 50 * batchRows }, (_, i) => i), 'end']);
  });
});

function takenOne(channel: LocalChannel): unknown[] {
  const element = channel.poll();
  const rows = element?.kind === 'batch' ? rowsOf(element) : [];
  channel.release();
  return rows;
}

describe('the counters of a subtask', () => {
  test('count records, and what waits behind it', async () => {
    const { source, task, channel, counters } = await mapping({ limits: { batchRows: 2, localQueueBatches: 2 } });
    source.feed(1, 2, 3, 4, 5, 6, 7);
    expect(run(task)).toBe('blocked');
    // Two batches in the queue, one waits for room; the seventh row is not taken in before there is some.
    expect(counters.read()).toMatchObject({ recordsIn: 6, recordsOut: 6, queuedIn: 0, queuedOut: 3 });
    taken(channel);
    run(task);
    // The third, and the seventh row, which has waited already and leaves at once.
    expect(counters.read()).toMatchObject({ recordsIn: 7, recordsOut: 7, queuedOut: 2 });
    source.end();
    await finish(task, channel);
    expect(counters.read()).toMatchObject({ recordsIn: 7, recordsOut: 7, queuedIn: 0, queuedOut: 0 });
  });

  test('divide all time since the start among three, without a rest', async () => {
    const { source, clock, task, channel, counters } = await mapping({ limits: { batchRows: 1, localQueueBatches: 1 } }, (record) => {
      clock.advance(7);
      return record;
    });
    clock.advance(3);
    task.step();
    clock.advance(20);
    source.feed('a');
    task.step();
    expect(counters.read()).toMatchObject({ idleMs: 23, busyMs: 7, backPressuredMs: 0 });
    source.feed('b');
    task.step();
    expect(task.step()).toBe('blocked');
    clock.advance(500);
    task.step();
    expect(counters.read()).toMatchObject({ idleMs: 23, busyMs: 14, backPressuredMs: 500 });
    taken(channel);
    clock.advance(11);
    task.step();
    const { busyMs, idleMs, backPressuredMs } = counters.read();
    expect(busyMs + idleMs + backPressuredMs).toBe(clock.monotonic());
  });

  test('count a sink that is at work as busy', async () => {
    let go: () => void = () => {};
    const sink = callback(
      () =>
        new Promise<void>((resolve) => {
          go = resolve;
        }),
    );
    const { source, clock, slot, task, counters } = await sinking(sink);
    source.feed('a');
    run(task);
    expect(task.step()).toBe('waiting');
    clock.advance(40);
    task.step();
    expect(counters.read()).toMatchObject({ busyMs: 40, idleMs: 0 });
    const { wakes } = slot;
    go();
    await turnsUntil(() => slot.wakes > wakes, 'the sink is done');
    expect(run(task)).toBe('idle');
  });
});

describe('closing a subtask', () => {
  test('closes its reader and every operator, and returns the first failure', async () => {
    const log: string[] = [];
    const broken: Sink<unknown> = {
      name: 'broken',
      createWriter: () => ({
        write: () => {},
        close: () => {
          log.push('sink');
          throw new Error('cannot close');
        },
      }),
    };
    const source = new HandFedSource();
    const env = new TestEnvironment();
    env
      .fromSource(source)
      .process({
        processElement: (value: unknown, _context, out: (value: unknown) => void) => out(value),
        close: () => void log.push('process'),
      })
      .sinkTo(broken);
    const { subtasks } = await buildOnlySlot(env, manualClock());
    expect(subtasks[0]?.close()).toMatchObject({ code: 'USER_FUNCTION', message: expect.stringContaining('cannot close') });
    expect(log).toEqual(['process', 'sink']);
    expect(source.closes).toHaveLength(1);
  });

  test('in any state is without a failure where nothing fails', async () => {
    for (const steps of [0, 1, 5]) {
      const { source, task } = await mapping();
      source.feed(1);
      for (let step = 0; step < steps; step++) task.step();
      expect(task.close()).toBeUndefined();
    }
  });
});
