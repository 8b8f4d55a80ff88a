/** The hash of a result: the same for the same rows, whatever their order and on however many threads, and another one for others. */

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

interface Total {
  readonly rows: number;
  readonly hash: string;
}

interface Writer {
  write(row: unknown): void;
  finish(): void;
}

const { hashOfRows, totalOf } = await benchmarks<{
  hashOfRows(rows: readonly unknown[]): string;
  totalOf(sums: readonly ArrayLike<number>[]): Total;
}>('runner/checksum.mjs');
const { checksum } = await benchmarks<{ checksum(essence?: object): { createWriter(context: { subtask: number }): Writer } }>(
  'jobs/checksum-sink.mjs',
);
const { takeNumbers } = await benchmarks<{ takeNumbers(): Float64Array[] }>('jobs/subtask-numbers.mjs');

function benchmarks<M>(name: string): Promise<M> {
  return import(fileURLToPath(new URL(`../../benchmarks/${name}`, import.meta.url))) as Promise<M>;
}

/** What the writers of a sink come to that have the rows of one array each. */
function written(essence: object | undefined, ...parts: readonly (readonly object[])[]): Total {
  const sink = checksum(essence);
  for (const [subtask, rows] of parts.entries()) {
    const writer = sink.createWriter({ subtask });
    for (const row of rows) writer.write(row);
    writer.finish();
  }
  return totalOf(takeNumbers());
}

describe('the hash of rows', () => {
  test.each([
    [
      [1, 2, 2.5],
      [2.5, 1, 2],
      [1, 2, 3],
    ],
    [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'a'],
    ],
    [[3, null], [null, 3], [3]],
    [
      [{ n: 1 }, { n: 2 }],
      [{ n: 2 }, { n: 1 }],
      [{ n: 1 }, { n: 1 }],
    ],
  ])('%j', (rows, same, other) => {
    expect(hashOfRows(same)).toBe(hashOfRows(rows));
    expect(hashOfRows(other)).not.toBe(hashOfRows(rows));
  });
});

describe('the sink of a job', () => {
  test('has all rows, on however many threads', () => {
    const rows = [{ key: 1 }, { key: 2 }, { key: 3 }];
    expect(written(undefined, rows)).toEqual({ rows: 3, hash: hashOfRows(rows) });
    expect(written(undefined, rows.slice(2), rows.slice(0, 2))).toEqual(written(undefined, rows));
  });

  test('has the last of each key where updates in between are others in every run', () => {
    const essence = { last: ['key'] };
    const last = [
      { key: 1, sum: 9 },
      { key: 2, sum: 5 },
    ];
    const { hash } = written(essence, last);
    expect(hash).toBe(hashOfRows(last));
    expect(written(essence, [{ key: 1, sum: 3 }, ...last.slice(1)], [{ key: 1, sum: 4 }, last[0] as object]).hash).not.toBe(hash);
    expect(written(essence, [{ key: 1, sum: 3 }, last[1] as object, last[0] as object])).toEqual({ rows: 3, hash });
    expect(written(essence, last.slice().reverse(), []).hash).toBe(hash);
  });

  test('has what adds up where windows are others in every run', () => {
    const essence = { addsUp: { of: 'bidder', count: 'bids' } };
    const { hash } = written(essence, [
      { bidder: 1, bids: 5, start: 0 },
      { bidder: 2, bids: 1, start: 0 },
    ]);
    const divided = [
      { bidder: 1, bids: 2, start: 10 },
      { bidder: 2, bids: 1, start: 10 },
      { bidder: 1, bids: 3, start: 20 },
    ];
    expect(written(essence, divided).hash).toBe(hash);
    expect(written(essence, divided.slice(0, 2)).hash).not.toBe(hash);
    expect(
      written(essence, [
        { bidder: 2, bids: 5 },
        { bidder: 1, bids: 1 },
      ]).hash,
    ).not.toBe(hash);
  });
});
