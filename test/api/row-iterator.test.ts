/** Iterating over rows that come in groups: it is to be told from a generator by nothing but its speed. */

import { describe, expect, test } from 'vitest';
import { type RowGroup, RowIterator } from '../../src/api/row-iterator.ts';

interface Made {
  readonly rows: RowIterator<number>;
  readonly groups: readonly RowGroup<number>[];
  /** What has happened to the groups. */
  readonly told: string[];
}

/** @param gate what each group waits for */
function made(groups: readonly (readonly number[])[], gate: () => Promise<void> = async () => {}): Made {
  const all = groups.map((rows) => ({ rows, next: 0 }));
  const told: string[] = [];
  async function* each(): AsyncGenerator<RowGroup<number>, undefined> {
    told.push('begun');
    try {
      for (const group of all) {
        await gate();
        yield group;
      }
    } finally {
      told.push('ended');
    }
  }
  return { rows: new RowIterator(each()), groups: all, told };
}

async function readAll(rows: AsyncIterable<number>): Promise<number[]> {
  const read: number[] = [];
  for await (const row of rows) read.push(row);
  return read;
}

const end = { value: undefined, done: true };

describe('an iterator over groups of rows', () => {
  test('hands out all rows in order, whatever the groups, and stays at its end', async () => {
    const { rows } = made([[1, 2, 3], [], [4], [5, 6]]);
    expect(await readAll(rows)).toEqual([1, 2, 3, 4, 5, 6]);
    expect([await rows.next(), await rows.next()]).toEqual([end, end]);
  });

  test('begins with the first call', async () => {
    const { rows, told } = made([[1]]);
    expect(told).toEqual([]);
    await rows.next();
    expect(told).toEqual(['begun']);
    const unread = made([[1]]);
    expect(await unread.rows.return()).toEqual(end);
    expect(unread.told).toEqual([]);
    expect(await unread.rows.next()).toEqual(end);
  });

  test('answers calls that do not wait for each other in their order, each with a result of its own', async () => {
    const { rows } = made([[1, 2, 3], [4], [5]]);
    const results = await Promise.all(Array.from({ length: 7 }, () => rows.next()));
    expect(results.map(({ value }) => value)).toEqual([1, 2, 3, 4, 5, undefined, undefined]);
    expect(new Set(results).size).toBe(7);
  });

  test('leaves to whoever made a group what is not read of it', async () => {
    const { rows, groups, told } = made([[1, 2, 3], [4]]);
    for await (const row of rows) if (row === 2) break;
    expect(told).toEqual(['begun', 'ended']);
    expect(groups.map(({ next }) => next)).toEqual([2, 0]);
    expect(await rows.next()).toEqual(end);
  });

  test('is left behind the row that is waited for', async () => {
    let open = (): void => {};
    const { rows, told } = made(
      [[1, 2]],
      () =>
        new Promise((resolve) => {
          open = resolve;
        }),
    );
    const first = rows.next();
    const left = rows.return();
    expect(told).toEqual(['begun']);
    open();
    expect([await first, await left]).toEqual([{ value: 1, done: false }, end]);
    expect(told).toEqual(['begun', 'ended']);
  });

  test('fails once with what a group failed with, behind the rows before it', async () => {
    const failure = new Error('failed');
    let groups = 0;
    const { rows } = made([[1, 2], [3]], async () => {
      if (++groups === 2) throw failure;
    });
    const read = [rows.next(), rows.next(), rows.next(), rows.next()];
    expect(await Promise.allSettled(read)).toMatchObject([
      { value: { value: 1 } },
      { value: { value: 2 } },
      { reason: failure },
      { value: end },
    ]);
  });

  test('gives all rows that are left as an array, and is at its end then', async () => {
    const { rows, groups } = made([[1, 2, 3], [], [4], [5, 6]]);
    const [first, left, behind] = [rows.next(), rows.toArray(), rows.next()];
    expect(await first).toEqual({ value: 1, done: false });
    expect(await left).toEqual([2, 3, 4, 5, 6]);
    expect(await behind).toEqual(end);
    expect(await rows.toArray()).toEqual([]);
    expect(groups.every(({ rows, next }) => next === rows.length)).toBe(true);
  });

  test('gives no array where a group fails', async () => {
    const failure = new Error('failed');
    let groups = 0;
    const { rows } = made([[1, 2], [3]], async () => {
      if (++groups === 2) throw failure;
    });
    await expect(rows.toArray()).rejects.toBe(failure);
    expect(await rows.toArray()).toEqual([]);
  });

  test('ends the groups with what it is told to throw', async () => {
    const { rows, told } = made([[1, 2]]);
    await rows.next();
    const failure = new Error('failed');
    await expect(rows.throw(failure)).rejects.toBe(failure);
    expect(told).toEqual(['begun', 'ended']);
    expect(await rows.next()).toEqual(end);
  });
});
