/** Subtasks whose sinks are busy: what waits, and what time has to do with it. */

import { describe, expect, test } from 'vitest';
import type { Sink } from '../../src/graph/sink.ts';
import { TestEnvironment } from '../../src/testing/index.ts';

/** A sink that takes its time, and says what happens to it. */
function slowSink(log: string[]): Sink<number> {
  return {
    name: 'slow',
    createWriter: () => ({
      async write(record) {
        log.push(`begin ${record}`);
        await new Promise<void>((resolve) => setImmediate(resolve));
        log.push(`end ${record}`);
      },
      async flush() {
        log.push('flush');
        await new Promise<void>((resolve) => setImmediate(resolve));
        log.push('flushed');
      },
    }),
  };
}

describe('a sink that is busy', () => {
  test.each([0, 10])('is given one thing at a time, with a buffer timeout of %i ms', async (bufferTimeout) => {
    const log: string[] = [];
    const env = new TestEnvironment({ bufferTimeout });
    env.fromData([1, 2, 3]).sinkTo(slowSink(log));
    await env.execute();
    const begins = log.filter((line) => /^(begin|flush$)/.test(line));
    const ends = log.filter((line) => /^(end|flushed)/.test(line));
    expect(begins).toHaveLength(ends.length);
    for (const [i, line] of log.entries()) if (i % 2 === 0) expect(line).toMatch(/^(begin|flush$)/);
    expect(log.at(-1)).toBe('flushed');
    expect(log.filter((line) => line.startsWith('end'))).toEqual(['end 1', 'end 2', 'end 3']);
  });
});

test('a record that inference takes for one that fits, but that is not one, travels whole', async () => {
  const env = new TestEnvironment({ parallelism: 2 });
  const match = /(\d)/.exec('a1b') as RegExpExecArray;
  const rows = env
    .fromData<readonly string[]>([['1', '1'], [...match]])
    .rebalance()
    .map((row) => row.length);
  expect(await env.collect(rows)).toEqual([2, 2]);
});
