/** The benchmarks run on tiny data, with equal results on both sides of every pair: some here, and all in `npm run bench:smoke`, which CI runs. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** No allocation at all is the best result; and a tiny run may end before its memory was looked at. */
const maybeNone = new Set(['bytes a record', 'MB']);

interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

interface Results {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly failures: readonly unknown[];
  readonly results: readonly ({ readonly checks: readonly { readonly state: string }[] } & (
    | {
        readonly kind: 'comparison';
        readonly name: string;
        readonly programs: readonly {
          readonly label: string;
          readonly missing?: string;
          readonly rate?: Spread;
          readonly ratio?: Spread;
        }[];
      }
    | {
        readonly kind: 'figures';
        readonly name: string;
        readonly figures: readonly { readonly name: string; readonly unit: string; readonly value: Spread }[];
      }
  ))[];
}

/** The machine may be busy. */
const boundMs = 180_000;

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const program = fileURLToPath(new URL('../../benchmarks/run.mjs', import.meta.url));
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', timeout: boundMs });
}

/** A comparison, figures of a job, a piece of the engine, and what needs no other program. */
const names = ['exchange', 'disk-state', 'key-index'];

describe('npm run bench', () => {
  test('runs benchmarks of each kind on tiny data', { timeout: boundMs }, () => {
    const { status, stdout, stderr } = bench('--smoke', '--json', ...names);
    expect(stderr).toBe('');
    const { machine, failures, results } = JSON.parse(stdout) as Results;
    expect(failures).toEqual([]);
    expect(status).toBe(0);
    expect(machine).toMatchObject({ cores: expect.any(Number), node: process.version });
    expect([...new Set(results.map(({ name }) => name))]).toEqual(names);
    for (const result of results) {
      expect(result.checks.map(({ state }) => state)).toEqual(result.checks.map(() => 'expected'));
      const spreads =
        result.kind === 'figures'
          ? result.figures.filter(({ unit }) => !maybeNone.has(unit)).map(({ value }) => value)
          : result.programs.flatMap(({ rate, ratio }) => [rate, ratio]);
      for (const spread of spreads) if (spread !== undefined) expect(spread.median).toBeGreaterThan(0);
    }
    // Nothing else is needed for these.
    const compared = results.flatMap((result) => (result.kind === 'comparison' ? result.programs : []));
    expect(compared.filter(({ missing }) => missing !== undefined).map(({ label }) => label)).not.toContain('readline and a Map');
  });

  test('prints a table of the benchmarks that were named, and the machine', () => {
    const { status, stdout } = bench('--smoke', 'scaling');
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`cores, .* Node ${process.version}`));
    expect(stdout).toMatch(
      /\nscaling: .*\(1 round\)\n +records\/s +per core +ratio.*\n {2}Millrace × 2 .*\n {2}Millrace × 1 .*\n {2}a plain loop .*\n/,
    );
    expect(stdout).not.toMatch(/word-count/);
  });

  test('runs a member of a group alone: a query of Nexmark, whose hash is the recorded one', () => {
    const { status, stdout } = bench('--smoke', '--json', 'nexmark', 'q2');
    const { results, failures } = JSON.parse(stdout) as Results;
    expect(failures).toEqual([]);
    expect(status).toBe(0);
    expect(results).toMatchObject([{ name: 'nexmark', member: 'q2', target: 2e6, checks: [{ state: 'expected' }] }]);
  });

  test.each([
    [['nexmrak'], /^there is no benchmark 'nexmrak'; did you mean 'nexmark'\? There are nexmark, /],
    [['--rounds', 'many'], /^--rounds must be a whole number from 1, not 'many'/],
    [['--quick'], /^Unknown option '--quick'/],
  ])('%j is a mistake that it explains', (args, message) => {
    const { status, stderr } = bench(...args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/usage: npm run bench/);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(status).toBe(1);
  });
});
