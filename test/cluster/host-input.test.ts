/** Inputs that the embedding program feeds: what a write waits for, and what becomes of it. */

import { describe, expect, test } from 'vitest';
import { turn } from '../runtime/support.ts';
import { hostBench, takeAll } from './host-support.ts';

/** What became of a promise, now and later. */
function watched(promise: Promise<void>): { outcome: 'open' | 'resolved' | Error } {
  const watch: { outcome: 'open' | 'resolved' | Error } = { outcome: 'open' };
  promise.then(
    () => {
      watch.outcome = 'resolved';
    },
    (error: Error) => {
      watch.outcome = error;
    },
  );
  return watch;
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('a write', () => {
  test('resolves at once while there is room', async () => {
    const { endpoints, clock, toWorker } = hostBench();
    const input = endpoints.input('in');
    await input.write([1, 2, 3]);
    clock.advance(10);
    endpoints.step();
    expect(toWorker.flatMap((channel) => takeAll(channel))).toEqual([1, 2, 3]);
  });

  test('of nothing resolves, too', async () => {
    await hostBench().endpoints.input('in').write([]);
  });

  test.each([1, 2, 7])('waits while the job is behind, with batches and turns of %i rows, and keeps the order', async (size) => {
    const limits = { batchRows: size, hostRows: size, localQueueBatches: 1 };
    const { endpoints, toWorker } = hostBench(limits);
    const [channel] = toWorker as [(typeof toWorker)[number]];
    const input = endpoints.input<number>('in');
    const all = numbers(20 * size);
    const first = watched(input.write(all.slice(0, 10 * size)));
    const second = watched(input.write(all.slice(10 * size)));
    const end = watched(input.end());
    const seen: unknown[] = [];
    for (let steps = 0; steps < 10; steps++) endpoints.step();
    await turn();
    expect([first.outcome, second.outcome, end.outcome]).toEqual(['open', 'open', 'open']);
    // What is on its way: a batch in the queue, and one that waits for room.
    expect(channel.waiting).toBe(1);
    for (let i = 0; seen.at(-1) !== 'end'; i++) {
      expect(i).toBeLessThan(1000);
      seen.push(...takeAll(channel, 1));
      endpoints.step();
      await turn();
      if (seen.length < 8 * size) expect(first.outcome).toBe('open');
      if (seen.length < 18 * size) expect(second.outcome).toBe('open');
    }
    expect(seen).toEqual([...all, 'end']);
    expect([first.outcome, second.outcome, end.outcome]).toEqual(['resolved', 'resolved', 'resolved']);
  });

  test('leaves a part-filled batch for the buffer timeout, and no longer', async () => {
    const { endpoints, clock, toWorker } = hostBench({}, 30);
    const [channel] = toWorker as [(typeof toWorker)[number]];
    const input = endpoints.input('in');
    await input.write(['a']);
    clock.advance(20);
    await input.write(['b']);
    endpoints.step();
    expect(takeAll(channel)).toEqual([]);
    clock.advance(10);
    endpoints.step();
    expect(takeAll(channel)).toEqual(['a', 'b']);
  });

  test('is on its way at once without a buffer timeout', async () => {
    const { endpoints, toWorker } = hostBench({}, 0);
    await endpoints.input('in').write(['a']);
    expect(toWorker.flatMap((channel) => takeAll(channel))).toEqual(['a']);
  });
});

describe('an input', () => {
  test('is ended once, and takes nothing afterwards', async () => {
    const { endpoints } = hostBench();
    const input = endpoints.input('in');
    await input.end();
    await input.end();
    await expect(input.write([1])).rejects.toMatchObject({ code: 'ENDPOINT', message: 'the input was ended already' });
  });

  test('refuses what is no array', async () => {
    const input = hostBench().endpoints.input('in');
    await expect(input.write('abc' as never)).rejects.toMatchObject({ code: 'ENDPOINT' });
  });

  test('tells everybody who waits when the job fails, and whoever comes later', async () => {
    const { endpoints } = hostBench({ batchRows: 1, localQueueBatches: 1 });
    const input = endpoints.input<number>('in');
    const writes = [watched(input.write(numbers(10))), watched(input.write([1])), watched(input.end())];
    const failure = new Error('the job failed');
    endpoints.close(failure);
    await turn();
    expect(writes.map(({ outcome }) => outcome)).toEqual([failure, failure, failure]);
    await expect(input.write([1])).rejects.toBe(failure);
  });

  test('tells everybody who waits that the job has finished; to end it then is no error', async () => {
    const { endpoints } = hostBench({ batchRows: 1, localQueueBatches: 1 });
    const input = endpoints.input<number>('in');
    const write = watched(input.write(numbers(10)));
    endpoints.close(undefined);
    await turn();
    expect(write.outcome).toMatchObject({ code: 'ENDPOINT', message: 'the job has finished and takes no more records' });
    await input.end();
    await expect(input.write([1])).rejects.toMatchObject({ code: 'ENDPOINT' });
  });
});
