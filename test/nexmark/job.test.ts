/** The program that measures a query, and the sink whose hash says whether its rows are right. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Checksum {
  readonly rows: number;
  readonly low: number;
  readonly high: number;
  add(row: object): void;
}

const { Checksum: Sum, totalOf } = (await import(new URL('../../benchmarks/runner/checksum.mjs', import.meta.url).href)) as {
  Checksum: new () => Checksum;
  totalOf: (sums: readonly (readonly number[])[]) => { rows: number; hash: string };
};

/** What writers come to that have the rows of one array each. */
function hashOf(...writers: readonly (readonly object[])[]): { rows: number; hash: string } {
  return totalOf(
    writers.map((rows) => {
      const sum = new Sum();
      for (const row of rows) sum.add(row);
      return [sum.rows, sum.low, sum.high];
    }),
  );
}

describe('the checksum', () => {
  const rows = [
    { id: 1, name: 'abcdefghi', mean: 0.5, none: null },
    { id: 2, name: '', mean: -0.25, none: null },
    { id: 2, name: '', mean: -0.25, none: null },
  ];

  it('is the same in any order, divided in any way, and whatever the order of fields', () => {
    const turned = rows.map(({ id, name, mean, none }) => ({ none, mean, name, id }));
    expect(hashOf([...rows].reverse())).toEqual(hashOf(rows));
    expect(hashOf(rows.slice(2), turned.slice(0, 2))).toEqual(hashOf(rows));
    expect(hashOf(rows).rows).toBe(3);
  });

  it.each([
    ['a character at the end', { name: 'abcdefghj' }],
    ['a character in front', { name: 'bbcdefghi' }],
    ['two characters that changed places', { name: 'abdcefghi' }],
    ['a string that is longer', { name: 'abcdefghi\0' }],
    ['a whole number', { id: 3 }],
    ['a whole number beyond 32 bits', { id: 1 + 2 ** 32 }],
    ['a fraction', { mean: 0.5000000000000001 }],
    ['something where nothing was', { none: 0 }],
    ['two fields that changed places', { id: 0.5, mean: 1 }],
  ])('tells of %s', (_, change) => {
    const [first, ...others] = rows;
    expect(hashOf([{ ...first, ...change }, ...others]).hash).not.toBe(hashOf(rows).hash);
  });

  it('tells of a row that came twice, or not at all', () => {
    const hashes = [rows, rows.slice(1), rows.slice(0, 2), [...rows, rows[0]]].map((some) => hashOf(some as object[]).hash);
    expect(new Set(hashes).size).toBe(4);
  });
});

/** Each of these starts a process. */
describe.runIf(process.env.MILLRACE_NEXMARK === 'long')('benchmarks/nexmark/job.mjs', () => {
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } => {
    const program = fileURLToPath(new URL('../../benchmarks/nexmark/job.mjs', import.meta.url));
    return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', timeout: 60_000 });
  };

  it.each([['q2'], ['q10', '--checkpoint', '1s']])('%s: the same hash at two parallelisms', (...args) => {
    const [one, two] = ['1', '2'].map((parallelism) => {
      const { status, stdout, stderr } = run(...args, '--events', '20000', '--parallelism', parallelism);
      expect(stderr).toBe('');
      expect(status).toBe(0);
      return JSON.parse(stdout) as Record<string, unknown>;
    });
    expect(one).toMatchObject({ query: args[0], events: 20_000, rate: 100_000, parallelism: 1, hash: two?.hash, rows: two?.rows });
    expect(one?.rows).toBeGreaterThan(0);
  });

  it('tells how many checkpoints there were: with none, their cost is not in its rates', () => {
    const [short, long] = ['1h', '50ms'].map((interval) => run('q5', '--events', '200000', '--checkpoint', interval));
    expect(JSON.parse(short?.stdout ?? '').checkpoints).toBe(0);
    expect(JSON.parse(long?.stdout ?? '').checkpoints).toBeGreaterThan(0);
  });

  it.each([
    [['q99'], "there is no query 'q99'; there are q0 to q22"],
    [[], 'name one query, such as q5'],
    [['q1', '--events', 'many'], "--events must be a whole number from 1, not 'many'"],
    [['q1', '--checkpoint', 'often'], 'checkpoint.interval'],
    [['q1', '--quick'], "Unknown option '--quick'"],
  ])('%j is a mistake that it explains', (args, message) => {
    const { status, stderr } = run(...args);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
  });
});
