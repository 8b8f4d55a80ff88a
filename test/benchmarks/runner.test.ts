/** What the runner makes of numbers. */

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

interface Report {
  readonly seconds: number;
  readonly results: Readonly<Record<string, unknown>>;
}

interface Program {
  readonly label: string;
  readonly command: readonly string[];
  readonly script?: string;
  readonly cores: number;
  missing(): string | undefined;
  read(stdout: string): Record<string, unknown>;
}

const { spreadOf, quantileOf, signedRankChance } = await runner<{
  spreadOf(values: readonly number[]): Spread;
  signedRankChance(differences: readonly number[]): number;
  quantileOf(sorted: Float64Array, share: number): number;
}>('statistics.mjs');
const { quantity, table } = await runner<{ quantity(value: number): string; table(rows: readonly (readonly string[])[]): string }>(
  'text.mjs',
);
const { requireSameResults, compare, measure } = await runner<{
  requireSameResults(
    a: [string, Report],
    b: [string, Report],
    leeway?: { tolerances?: Readonly<Record<string, number>>; varying?: readonly string[] },
  ): void;
  compare(
    comparison: object,
    options: { rounds: number; hashes?: Readonly<Record<string, string>>; record?: boolean },
  ): Promise<{
    checks: readonly { state: string; hash: string }[];
    programs: readonly { label: string; missing?: string; ratio?: Spread }[];
  }>;
  measure(benchmark: object, options: { rounds: number; record?: boolean }): Promise<{ checks: readonly object[] }>;
}>('measure.mjs');

function runner<M>(name: string): Promise<M> {
  return import(fileURLToPath(new URL(`../../benchmarks/runner/${name}`, import.meta.url))) as Promise<M>;
}

describe('statistics', () => {
  test.each([
    [[3], { min: 3, median: 3, max: 3 }],
    [[10, 9, 100], { min: 9, median: 10, max: 100 }],
    [[4, 1, 3, 2], { min: 1, median: 2.5, max: 4 }],
  ])('the spread of %j', (values, spread) => {
    expect(spreadOf(values)).toEqual(spread);
  });

  test('a quantile is a value that was measured', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => i + 1);
    expect([0.5, 0.99, 0.999, 1].map((share) => quantileOf(values, share))).toEqual([500, 990, 999, 1000]);
    expect(quantileOf(Float64Array.of(7), 0.5)).toBe(7);
  });

  test.each([
    [[1, 2, 3, 4, 5, 6], 1 / 64],
    [[-1, 2, 3, 4, 5, 6], 2 / 64],
    [[1, 2, 3, 4, 5, -6], 14 / 64],
    [[-1, -2, -3], 1],
    // Those that are tied share a rank, and none is of no difference.
    [[5, 5, -5, 0], 4 / 8],
    [[], 1],
  ])('the chance of %j without a direction', (differences, chance) => {
    expect(signedRankChance(differences)).toBe(chance);
  });
});

describe('text', () => {
  test.each([
    [0.00512, '0.0051'],
    [0.345, '0.345'],
    [1.234, '1.23'],
    [45.67, '45.7'],
    [1360, '1360'],
    [95_000, '95.0 k'],
    [18_200_000, '18.2 M'],
    [4_100_000_000, '4.10 G'],
    [41_000_000_000, '41.0 G'],
  ])('%d is %s', (value, text) => {
    expect(quantity(value)).toBe(text);
  });

  test('a table aligns names to the left and numbers to the right', () => {
    expect(
      table([
        ['', 'n'],
        ['long name', '1'],
        ['short', '100'],
      ]),
    ).toBe('               n\n  long name    1\n  short      100');
  });
});

describe('comparisons', () => {
  const report = (results: Report['results']): Report => ({ seconds: 1, results });

  test('what both report must be equal', () => {
    const a = report({ hash: 'x', words: 3, wordsPerSecond: 5 });
    expect(() => requireSameResults(['A', a], ['B', report({ hash: 'x', words: 3, wordsPerSecond: 9, bytes: 1 })])).not.toThrow();
    expect(() => requireSameResults(['A', a], ['B', report({ words: 3 })])).not.toThrow();
    expect(() => requireSameResults(['A', a], ['B', report({ hash: 'y', words: 3 })])).toThrow(
      'the results differ: hash is x of A, but y of B',
    );
    expect(() => requireSameResults(['A', a], ['B', report({ wordsPerSecond: 5 })])).toThrow(/nothing that could be compared/);
  });

  test('a number that has a tolerance may differ by as much', () => {
    const a = report({ hash: 'x', p99Total: 100 });
    const near = report({ hash: 'x', p99Total: 101 });
    expect(() => requireSameResults(['A', a], ['B', near], { tolerances: { p99Total: 0.01 } })).not.toThrow();
    expect(() => requireSameResults(['A', a], ['B', near])).toThrow('the results differ: p99Total is 100 of A, but 101 of B');
    expect(() => requireSameResults(['A', a], ['B', near], { tolerances: { p99Total: 0.009 } })).toThrow('the results differ');
    const other = report({ hash: 'y', p99Total: 100 });
    expect(() => requireSameResults(['A', a], ['B', other], { tolerances: { p99Total: 0.01 } })).toThrow('hash is x of A');
    expect(() => requireSameResults(['A', a], ['B', other], { varying: ['hash'] })).not.toThrow();
  });

  /** A program that reports the time that it is told. */
  function program(label: string, seconds: number, missing?: string): Program {
    const printed = JSON.stringify({ program: label, seconds, done: 100, hash: 'same' });
    return {
      label,
      command: ['echo', printed],
      script: 'job.mjs',
      cores: 1,
      missing: () => missing,
      read: (stdout) => JSON.parse(stdout),
    };
  }

  test('a ratio is how many times as fast the subject was, and what cannot run is named', async () => {
    const comparison = {
      kind: 'comparison',
      name: 'name',
      title: 'title',
      unit: 'things',
      work: ({ done }: { done: number }) => done,
      subject: program('subject', 2),
      others: [program('slow', 8), program('absent', 1, 'it is not installed'), program('fast', 1)],
    };
    const { programs } = await compare(comparison, { rounds: 2 });
    expect(programs.map(({ label, missing, ratio }) => [label, missing ?? ratio?.median])).toEqual([
      ['subject', undefined],
      ['slow', 4],
      ['absent', 'it is not installed'],
      ['fast', 0.5],
    ]);
  });

  test('a run that says nothing is told like one that was none, whatever it measured', async () => {
    const vain = ({ done }: { done: number }) => (done === 100 ? 'it did 100' : undefined);
    const comparison = {
      kind: 'comparison',
      name: 'name',
      title: 'title',
      unit: 'things',
      work: () => 1,
      subject: program('subject', 2),
      others: [{ ...program('variant', 1), vain }],
    };
    const { programs } = await compare(comparison, { rounds: 2 });
    expect(programs[1]).toEqual({ label: 'variant', missing: 'it did 100' });
  });

  test('a hash must be the one that is recorded for the command, unless it is to be recorded', async () => {
    const hashed = { ...program('hashed', 1), read: () => ({ seconds: 1, hash: 'new' }) };
    const command = hashed.command.slice(1).join(' ');
    const comparison = { kind: 'comparison', name: 'name', title: 'title', unit: 'things', work: () => 1, subject: hashed, others: [] };
    expect(await compare(comparison, { rounds: 1 })).toMatchObject({ checks: [{ command, hash: 'new', state: 'not recorded' }] });
    expect(await compare(comparison, { rounds: 1, hashes: { [command]: 'new' } })).toMatchObject({ checks: [{ state: 'expected' }] });
    const hashes = { [command]: 'old' };
    await expect(compare(comparison, { rounds: 1, hashes })).rejects.toThrow(
      `is new, but old is expected of ${command}; --record takes it`,
    );
    expect(await compare(comparison, { rounds: 1, hashes, record: true })).toMatchObject({
      checks: [{ hash: 'new', state: 'not recorded' }],
    });
    const variant = { ...hashed, role: 'variant', sameResults: false, command: [...hashed.command, '--other'] };
    const varied = { ...comparison, others: [variant] };
    await expect(compare(varied, { rounds: 1, hashes: { [command]: 'new', [`${command} --other`]: 'old' } })).rejects.toThrow(
      'old is expected',
    );
    const checks = [{ command }, { command: `${command} --other`, state: 'not recorded' }];
    expect(await compare(varied, { rounds: 1, hashes: { [command]: 'new' } })).toMatchObject({ checks });
    let runs = 0;
    const unsteady = { ...comparison, subject: { ...hashed, read: () => ({ seconds: 1, hash: `run ${++runs}` }) } };
    await expect(compare(unsteady, { rounds: 2 })).rejects.toThrow('its hash is run 1 and run 2');
  });

  test.each(['comparison', 'figures'])('%s without a hash is refused, also where hashes are recorded', async (kind) => {
    const figures = [{ name: 'speed', value: 1, unit: 'records/s' }];
    const benchmark = (report: object): object => {
      const subject = { ...program('subject', 1), command: ['echo', 'job.mjs', '1000'], read: () => ({ seconds: 1, figures, ...report }) };
      return { kind, name: 'name', title: 'title', unit: 'records', work: () => 1, subject, others: [] };
    };
    const refused = "job.mjs 1000 reports no hash of its result; benchmarks/README.md says in 'Add a benchmark' what belongs into it";
    for (const record of [false, true])
      for (const report of [{}, { hash: '' }, { hash: 7 }])
        await expect(measure(benchmark(report), { rounds: 1, record })).rejects.toThrow(refused);
    await expect(measure(benchmark({ hash: '0000000000000000' }), { rounds: 1 })).rejects.toThrow('job.mjs 1000 comes to no rows');
    expect(await measure(benchmark({ hash: 'right' }), { rounds: 1 })).toMatchObject({ checks: [{ hash: 'right' }] });
  });

  test('a program that fails is an error that names it', async () => {
    const broken: Program = { ...program('broken', 1), command: [process.execPath, '-e', "console.error('no room'); process.exit(3)"] };
    const comparison = { kind: 'comparison', name: 'name', title: 'title', unit: 'things', work: () => 1, subject: broken, others: [] };
    await expect(compare(comparison, { rounds: 1 })).rejects.toThrow('broken ended with exit code 3: no room');
  });
});
