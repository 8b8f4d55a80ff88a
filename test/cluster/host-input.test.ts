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

describe('records of an input', () => {
  interface Replayed {
    readonly endpoints: ReturnType<typeof hostBench>['endpoints'];
    write(...records: number[]): Promise<void>;
    /** Takes a checkpoint, which is complete at once. */
    checkpoint(): void;
    /** What comes once the job goes on behind so many records. */
    again(sent: number): unknown[];
  }

  function bench(retain: number, limits = {}): Replayed {
    const { endpoints, toWorker, rewire } = hostBench(limits, 0, retain);
    const input = endpoints.input<number>('in');
    const taken = (): unknown[] => toWorker.flatMap((channel) => takeAll(channel));
    let checkpoint = 0;
    return {
      endpoints,
      write: async (...records) => {
        for (const record of records) await input.write([record]);
      },
      checkpoint: () => {
        endpoints.barrier(++checkpoint);
        taken();
        endpoints.checkpointed(checkpoint);
      },
      again: (sent) => {
        taken();
        endpoints.checkReplay({ in: sent }, 'checkpoint 7 in /state');
        rewire(sent);
        endpoints.step();
        return taken();
      },
    };
  }

  test('come again behind the checkpoint that the job goes on from', async () => {
    const { write, checkpoint, again } = bench(1);
    await write(0, 1);
    checkpoint();
    await write(2);
    expect(again(2)).toEqual([2]);
    expect(again(2)).toEqual([2]);
  });

  test('are kept back to the oldest checkpoint that is retained', async () => {
    const { write, checkpoint, again } = bench(2);
    await write(0);
    checkpoint();
    await write(1);
    checkpoint();
    await write(2);
    expect(again(2)).toEqual([2]);
    expect(again(1)).toEqual([1, 2]);
    checkpoint();
    expect(again(1)).toEqual([1, 2]);
    checkpoint();
    checkpoint();
    expect(() => again(1)).toThrow(
      expect.objectContaining({
        code: 'INPUT_LOST',
        message:
          "the job has to go on from checkpoint 7 in /state, where its input 'in' stands at record 1, and the 2 records from there on are not kept any more: " +
          'a newer checkpoint held what came of them; start the job again from that one (from: the path of its manifest) and write from record 1 on, ' +
          "as job.input('in').position says",
      }),
    );
  });

  test('are kept for older checkpoints only as long as there is room, and those that wait for a checkpoint have it first', async () => {
    const { write, checkpoint, again, endpoints } = bench(3, { hostReplayRecords: 4 });
    await write(0, 1);
    checkpoint();
    await write(2, 3);
    checkpoint();
    await write(4, 5);
    expect(() => endpoints.checkReplay({ in: 1 }, 'checkpoint 7')).toThrow(/stands at record 1, and that record is not kept any more/);
    expect(again(2)).toEqual([2, 3, 4, 5]);
    const full = watched(write(6));
    expect(full.outcome).toBe('open');
    checkpoint();
    endpoints.step();
    await turn();
    expect(full.outcome).toBe('resolved');
  });

  test('need not be kept of a program that has not asked yet where to begin', () => {
    const { endpoints, rewire } = hostBench({}, 0, 2);
    endpoints.startFrom({ in: 5 });
    endpoints.checkReplay({ in: 3 }, 'checkpoint 7');
    rewire(3);
    expect(endpoints.input('in').position).toBe(3);
    expect(() => endpoints.checkReplay({ in: 2 }, 'checkpoint 7')).toThrow(/stands at record 2, and that record is not kept any more/);
  });
});
