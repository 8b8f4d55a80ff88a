/** Batches that are large in bytes before they are large in rows. */

import { describe, expect, it } from 'vitest';
import { limitsWith } from '../../src/base/limits.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { RecordBatch } from '../../src/batch/record-batch.ts';
import { FrameEncoder } from '../../src/channel/frame-encoder.ts';
import { LocalChannel } from '../../src/channel/local-channel.ts';
import { ExchangeWriter } from '../../src/compiler/exchange-writer.ts';
import { compileValueWriter } from '../../src/compiler/value-writer.ts';

const batchBytes = 4096;

/** The bytes of the frames, and the rows, of the batches that an exchange makes of records. */
function frames(records: readonly unknown[]): { bytes: number[]; rows: number[] } {
  const encoder = new FrameEncoder();
  const batches = batchesOf(records);
  return { bytes: batches.map((batch) => encoder.plan(batch)), rows: batches.map((batch) => batch.rowCount) };
}

function batchesOf(records: readonly unknown[]): RecordBatch[] {
  const channel = new LocalChannel(records.length + 1);
  const writer = new ExchangeWriter({
    operatorName: 'test',
    partitioner: { kind: 'forward' },
    channels: [channel],
    maxParallelism: 1,
    declared: undefined,
    limits: limitsWith({ batchBytes, batchRows: 1024 }),
    random: seededRandom(1),
    show: String,
  });
  const write = compileValueWriter(writer);
  for (const record of records) write(record);
  writer.flush();
  // None is released before all are filled, so none is filled again.
  return Array.from({ length: channel.waiting }, () => {
    const batch = channel.poll() as RecordBatch;
    channel.release();
    return batch;
  });
}

const kilobyte = 'x'.repeat(1000);

describe('a batch is sealed near batchBytes', () => {
  it.each<[string, (i: number) => unknown]>([
    ['narrow strings', () => kilobyte],
    ['short strings', (i) => `${i}`.padStart(20)],
    ['nested objects', (i) => ({ id: i, nested: { list: [kilobyte.slice(0, 50), { deep: kilobyte.slice(0, 100) }], more: [1, 2, i] } })],
    ['maps', (i) => new Map([[i, new Map([['a', kilobyte.slice(0, 200)]])]])],
    ['sets', (i) => ({ set: new Set(Array.from({ length: 50 }, (_, j) => `${i}-${j}`)) })],
    ['bytes', () => ({ data: new Uint8Array(500) })],
    ['large integers', (i) => ({ n: 2n ** 2000n + BigInt(i) })],
    ['lists of numbers', () => ({ list: Array.from({ length: 100 }, (_, j) => j + 0.5) })],
    ['a key among columns', (i) => ({ id: i, text: kilobyte.slice(0, 30), any: { more: kilobyte.slice(0, 30) } })],
  ])('with %s', (_, record) => {
    const { bytes } = frames(Array.from({ length: 300 }, (_each, i) => record(i)));
    expect(bytes.length).toBeGreaterThan(1);
    // The estimate may be off by half, and the last record may pass the limit.
    for (const each of bytes) expect(each).toBeLessThan(2 * batchBytes + 1500);
    for (const each of bytes.slice(0, -1)) expect(each).toBeGreaterThan(batchBytes / 4);
  });

  it('with strings of two bytes a unit', () => {
    const { bytes } = frames(Array.from({ length: 100 }, () => '€'.repeat(500)));
    // The first time, the encoder plans for one byte a unit.
    for (const each of bytes.slice(0, -1)) expect(each).toBeLessThan(batchBytes + 1500);
    const { rows } = frames(Array.from({ length: 100 }, () => '€'.repeat(500)));
    for (const each of rows) expect(each).toBeLessThanOrEqual(5);
    const { rows: nested } = frames(Array.from({ length: 100 }, () => ({ a: ['€'.repeat(500)] })));
    for (const each of nested) expect(each).toBeLessThanOrEqual(5);
  });

  it('with values that are larger than the limit, each by itself', () => {
    const big = Array.from({ length: 20 }, () => ({ a: { b: Array.from({ length: 10_000 }, (_, i) => i) } }));
    expect(frames(big).rows.every((rows) => rows === 1)).toBe(true);
  });

  it('with small values, full of rows', () => {
    const { rows } = frames(Array.from({ length: 2048 }, (_, i) => i));
    expect(rows).toEqual([1024, 1024]);
  });

  it('with values that hold themselves, or cannot be looked at', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle, cycle);
    const throwing = {
      get a() {
        throw new Error('no');
      },
    };
    class Linked {
      readonly link = cycle;
    }
    expect(batchesOf([cycle, throwing, new Linked()]).length).toBeGreaterThan(0);
  });
});
