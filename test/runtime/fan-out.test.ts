/** How much waits in front of full outputs: what one record became, however many records its batch had. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DataStream } from '../../src/api/data-stream.ts';
import { StreamEnvironment } from '../../src/index.ts';
import { buildOnlySlot, manualClock, type Slot, turn } from './support.ts';

const limits = { batchRows: 8, localQueueBatches: 1 };
const fanOut = 80;

/** The most that the subtasks of a job had waiting for room at the end of a step, and the records that came out. */
async function mostQueued(
  job: (env: StreamEnvironment) => DataStream<never> | DataStream<number> | DataStream<string>,
  more: object = {},
): Promise<{ most: number; rows: number }> {
  const env = new StreamEnvironment({ parallelism: 1, limits: { ...limits, ...more } });
  (job(env) as DataStream<never>).toHost('out');
  const slot = await buildOnlySlot(env, manualClock());
  const output = slot.channels.at(-1) as Slot['channels'][number];
  let most = 0;
  let rows = 0;
  for (let steps = 0; ; steps++) {
    if (steps > 100_000) throw new Error('in vain');
    for (const task of slot.subtasks) task.step();
    for (const counters of slot.counters) most = Math.max(most, counters.read().queuedOut);
    if (steps % 3 !== 0) continue;
    // Slower than the job.
    const element = output.poll();
    if (element === null) {
      if (slot.subtasks.every(({ phase }) => phase === 'finished')) break;
      await turn();
      continue;
    }
    if (element.kind === 'batch') rows += element.rowCount;
    output.release();
  }
  for (const task of slot.subtasks) task.close();
  expect(slot.failures).toEqual([]);
  return { most, rows };
}

const numbers = Array.from({ length: 40 }, (_, i) => i);
const many = (n: number): number[] => Array.from({ length: fanOut }, (_, i) => n * fanOut + i);
/** Batches that one record becomes, one that was begun before, and what is in the queue. */
const mostOfOne = fanOut / limits.batchRows + 1 + limits.localQueueBatches;

describe('what waits for room', () => {
  it.each<[string, (env: StreamEnvironment) => DataStream<number>]>([
    ['a flat map that returns', (env) => env.fromData(numbers).flatMap((n) => many(n))],
    [
      'a flat map that emits',
      (env) =>
        env.fromData(numbers).flatMap<number>((n, emit) => {
          for (const each of many(n)) emit(each);
          return [];
        }),
    ],
    [
      'a flat map behind others',
      (env) =>
        env
          .fromData(numbers)
          .map((n) => ({ n }))
          .filter(({ n }) => n >= 0)
          .flatMap(({ n }) => many(n)),
    ],
    [
      'a flat map behind an exchange',
      (env) =>
        env
          .fromData(numbers)
          .rebalance()
          .flatMap((n) => many(n)),
    ],
    [
      'a process function',
      (env) =>
        env.fromData(numbers).process<number>({
          processElement(n, _ctx, out) {
            for (const each of many(n)) out(each);
          },
        }),
    ],
    [
      'a flat map of what is left at the end',
      (env) =>
        env
          .fromData(numbers)
          .keyBy((n) => n)
          .reduce((a, b) => a + b)
          .flatMap((n) => many(n)),
    ],
  ])('behind %s is what one record became', async (_, job) => {
    const { most, rows } = await mostQueued(job);
    expect(rows).toBe(numbers.length * fanOut);
    expect(most).toBeGreaterThan(limits.localQueueBatches);
    expect(most).toBeLessThanOrEqual(mostOfOne);
  });

  it('behind words that are split from bytes is what one of them became', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-'));
    const file = join(directory, 'words.txt');
    // More words than the splitter cuts at a time, so that it is stopped and gone on with in several of its chunks.
    const words = Array.from({ length: 3000 }, (_, i) => `w${i}`);
    writeFileSync(file, `${words.slice(0, 10).join(' ')}\n${words.slice(10).join(' ')}\n`);
    const seen: string[] = [];
    const { most, rows } = await mostQueued((env) =>
      env
        .readTextFile(file)
        .flatMap((line) => line.split(' '))
        .flatMap((word) => {
          seen.push(word);
          return [word, word, word, word];
        }),
    );
    rmSync(directory, { recursive: true });
    expect(seen).toEqual(words);
    expect(rows).toBe(4 * words.length);
    expect(most).toBeLessThanOrEqual(2 + limits.localQueueBatches);
  });

  it('behind a map that makes much of little is a few records', async () => {
    const { most, rows } = await mostQueued((env) => env.fromData(numbers).map((n) => `${n}`.repeat(1000)), { batchBytes: 500 });
    expect(rows).toBe(numbers.length);
    expect(most).toBeLessThanOrEqual(2 + limits.localQueueBatches);
  });
});
