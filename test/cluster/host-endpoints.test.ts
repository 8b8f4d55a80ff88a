/** All of a job's endpoints together: names, who has which, and the pump that drives them. */

import { describe, expect, test } from 'vitest';
import type { RecordBatch } from '../../src/batch/record-batch.ts';
import { Doorbell, doorbellBytes } from '../../src/channel/doorbell.ts';
import { endOfInput } from '../../src/channel/element.ts';
import { turn, turnsUntil } from '../runtime/support.ts';
import { benchOf, type HostBench, hostBench, takeAll } from './host-support.ts';

/** Carries everything from the inputs to the outputs, as the job would. */
function carry({ toWorker, fromWorker }: HostBench): void {
  const [from] = toWorker as [(typeof toWorker)[number]];
  const [to] = fromWorker as [(typeof fromWorker)[number]];
  for (let element = from.poll(); element !== null; element = from.poll()) {
    if (element.kind === 'batch') {
      const copy = to.acquire(element.type, { capacity: element.capacity, timestamps: false, hashes: false });
      // The sender fills its batch again once it is released.
      if (!to.offer(copiedInto(copy, element))) return;
    } else if (element.kind === 'end' && !to.offer(endOfInput)) return;
    from.release();
  }
}

function copiedInto(target: RecordBatch, { columns, rowCount }: RecordBatch): RecordBatch {
  target.rowCount = rowCount;
  for (const [i, column] of columns.entries()) {
    const own = target.columns[i];
    if (column.kind === 'fixed' && own?.kind === 'fixed') own.values(rowCount).set(column.values(rowCount).subarray(0, rowCount) as never);
    else if (column.kind === 'string' && own?.kind === 'string')
      for (let row = 0; row < rowCount; row++) own.set(row, column.at(row, rowCount));
    else throw new Error(`the test cannot copy a column of ${column.kind}`);
  }
  return target;
}

describe('endpoints', () => {
  test('have the names that the job gives them', () => {
    const { endpoints } = benchOf({}, 10, (env) => {
      env.fromHost('a').toHost('x');
      env.fromHost('b').toHost('y');
    });
    expect(endpoints.inputNames).toEqual(['a', 'b']);
    expect(endpoints.outputNames).toEqual(['x', 'y']);
    expect(() => endpoints.input('c')).toThrow("the job has no input 'c'; it has 'a', 'b'");
    expect(() => endpoints.rows('a')).toThrow("the job has no output 'a'; it has 'x', 'y'");
  });

  test('of a job without any say how to add one', () => {
    const { endpoints } = benchOf({}, 10, (env) => env.fromData([1]).print());
    expect(() => endpoints.input('in')).toThrow("the job has no input 'in'; add one with env.fromHost('in')");
    expect(() => endpoints.rows('out')).toThrow("the job has no output 'out'; add one with stream.toHost('out')");
  });

  test('have one writer and one reader at a time', async () => {
    const bench = hostBench();
    const { endpoints } = bench;
    endpoints.input('in');
    expect(() => endpoints.input('in')).toThrow(expect.objectContaining({ code: 'ENDPOINT' }));
    const first = endpoints.rows('out');
    const read = first.next();
    await expect(endpoints.rows('out').next()).rejects.toMatchObject({ code: 'ENDPOINT' });
    endpoints.close(undefined);
    bench.fromWorker[0]?.offer(endOfInput);
    endpoints.step();
    expect((await read).done).toBe(true);
  });

  test('leave to the next reader what one has not read', async () => {
    const bench = hostBench({}, 0);
    const { endpoints } = bench;
    await endpoints.input('in').write([1, 2, 3]);
    carry(bench);
    for await (const row of endpoints.rows('out')) {
      expect(row).toBe(1);
      break;
    }
    const rows = endpoints.rows('out');
    expect([(await rows.next()).value, (await rows.next()).value]).toEqual([2, 3]);
  });

  test('let the event loop turn while rows come faster than they are read', async () => {
    const bench = hostBench({ hostRows: 1, batchRows: 1 }, 0);
    const { endpoints } = bench;
    let hasTurned = false;
    void turn().then(() => {
      hasTurned = true;
    });
    let read = 0;
    void endpoints.input('in').write(Array.from({ length: 10_000 }, (_, i) => i));
    carry(bench);
    for await (const _ of endpoints.rows('out')) {
      if (hasTurned) break;
      expect(++read).toBeLessThan(10_000);
      bench.clock.advance(bench.limits.eventLoopMs / 4);
      endpoints.step();
      carry(bench);
    }
    expect(read).toBeGreaterThan(1);
  });

  test('end all inputs together', async () => {
    const { endpoints, toWorker } = benchOf({}, 10, (env) => {
      env.fromHost('a').toHost('x');
      env.fromHost('b').toHost('y');
    });
    await endpoints.end();
    expect(toWorker.map((channel) => takeAll(channel))).toEqual([['end'], ['end']]);
  });
});

describe('the pump of endpoints', () => {
  function pumped(bench: HostBench) {
    const memory = new SharedArrayBuffer(doorbellBytes);
    const pump = { ended: false as boolean | unknown, memory };
    bench.endpoints.pump(new Doorbell(memory)).then(
      () => {
        pump.ended = true;
      },
      (error) => {
        pump.ended = error;
      },
    );
    return pump;
  }

  test('moves rows while the program reads and writes, and sleeps in between', async () => {
    const bench = hostBench({ idleRounds: 1 });
    const pump = pumped(bench);
    const input = bench.endpoints.input<number>('in');
    const rows = bench.endpoints.rows<number>('out');
    const word = new Int32Array(pump.memory);
    for (let n = 0; n < 5; n++) {
      await turnsUntil(() => word[0] === 1, 'the pump sleeps');
      await input.write([n]);
      const row = rows.next();
      // The batch is not full: its time comes.
      await turnsUntil(() => word[0] === 1, 'the pump sleeps');
      expect(bench.clock.nextTimer).toBe(bench.clock.monotonic() + 10);
      bench.clock.advance(10);
      await turnsUntil(() => bench.toWorker[0]?.isEmpty() === false, 'the row is on its way');
      carry(bench);
      new Doorbell(pump.memory).ring();
      expect((await row).value).toBe(n);
    }
    bench.endpoints.close(undefined);
    await turnsUntil(() => pump.ended === true, 'the pump ends');
  });

  test('leaves more in the channels than a slow reader wants, and goes on when he reads', async () => {
    const bench = hostBench({ idleRounds: 1, hostRows: 2, batchRows: 1, localQueueBatches: 2 }, 0);
    const pump = pumped(bench);
    const write = bench.endpoints.input<number>('in').write(Array.from({ length: 50 }, (_, i) => i));
    let written = false;
    void write.then(() => {
      written = true;
    });
    for (let turns = 0; turns < 50; turns++) {
      carry(bench);
      await turn();
    }
    expect(written).toBe(false);
    const seen: unknown[] = [];
    const read = async (): Promise<void> => {
      for await (const row of bench.endpoints.rows('out')) if (seen.push(row) === 50) break;
    };
    void read();
    await turnsUntil(() => {
      carry(bench);
      new Doorbell(pump.memory).ring();
      return seen.length === 50;
    }, 'all rows are read');
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => i));
    await write;
    bench.endpoints.close(undefined);
    await turnsUntil(() => pump.ended === true, 'the pump ends');
  });

  test('does not run for a job without endpoints, or one that has ended', async () => {
    const none = pumped(benchOf({}, 10, (env) => env.fromData([1]).sinkTo({ name: 'none', createWriter: () => ({ write: () => {} }) })));
    await turnsUntil(() => none.ended === true, 'the pump ends');
    const bench = hostBench();
    bench.endpoints.close(undefined);
    const closed = pumped(bench);
    await turnsUntil(() => closed.ended === true, 'the pump ends');
  });
});
