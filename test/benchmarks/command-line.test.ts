/** What may be typed behind `npm run bench --`, and which benchmarks it means. */

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

interface Named {
  readonly name: string;
  readonly member?: string;
  readonly byName?: boolean;
}

const { parseCommandLine, choose, listing } = (await import(
  fileURLToPath(new URL('../../benchmarks/runner/command-line.mjs', import.meta.url))
)) as {
  parseCommandLine(args: readonly string[]): { rounds: number; names: readonly string[] };
  choose(all: readonly Named[], names: readonly string[]): readonly Named[];
  listing(all: readonly Named[]): string;
};

const all: readonly Named[] = [
  { name: 'nexmark', member: 'q0' },
  { name: 'nexmark', member: 'q5' },
  { name: 'scaling' },
  { name: 'logs', member: 'words' },
  { name: 'logs', member: 'stations' },
  { name: 'long', member: 'q0', byName: true },
  { name: 'long', member: 'q5', byName: true },
];

function chosen(...names: string[]): string[] {
  return choose(all, names).map(({ name, member }) => (member === undefined ? name : `${name} ${member}`));
}

describe('names', () => {
  test.each([
    [[], ['nexmark q0', 'nexmark q5', 'scaling', 'logs words', 'logs stations']],
    [['nexmark'], ['nexmark q0', 'nexmark q5']],
    [['long'], ['long q0', 'long q5']],
    [
      ['scaling', 'long', 'q5'],
      ['scaling', 'long q5'],
    ],
    [['nexmark', 'q5'], ['nexmark q5']],
    [
      ['logs', 'words', 'stations', 'scaling', 'nexmark', 'q0'],
      ['nexmark q0', 'scaling', 'logs words', 'logs stations'],
    ],
  ])('%j', (names, expected) => {
    expect(chosen(...names)).toEqual(expected);
  });

  test.each([
    [['nexmrak'], "there is no benchmark 'nexmrak'; did you mean 'nexmark'? There are nexmark, scaling, logs, long"],
    [
      ['logs', 'word'],
      "there is no benchmark 'word'; did you mean 'words'? There are nexmark, scaling, logs, long, and logs has words, stations",
    ],
    [['speed'], "there is no benchmark 'speed'. There are nexmark, scaling, logs, long"],
    [['q5'], "'q5' is a member of nexmark: npm run bench -- nexmark q5"],
    [['logs', 'q5'], "'q5' is a member of nexmark: npm run bench -- nexmark q5"],
  ])('%j is not known', (names, message) => {
    expect(() => chosen(...names)).toThrow(message);
  });

  test('a group is listed with its members', () => {
    expect(listing(all)).toBe('  nexmark  q0 q5\n  scaling\n  logs     words stations\n  long     q0 q5 (only by name)');
  });
});

describe('options', () => {
  test.each([
    [[], 1],
    [['nexmark'], 3],
    [['nexmark', '--smoke'], 1],
    [['nexmark', '--profile'], 1],
    [['--compare', 'HEAD'], 6],
    [['--compare', 'HEAD', '--smoke'], 6],
    [['--compare', 'HEAD', '--rounds', '9'], 9],
  ])('%j: so many rounds', (args, rounds) => {
    expect(parseCommandLine(args).rounds).toBe(rounds);
  });

  test.each([
    [['--smoke', '--write'], '--smoke does not go with --write'],
    [['--profile', '--write'], '--profile does not go with --write'],
    [['--compare', 'HEAD', '--record'], '--record does not go with --compare'],
    [['--rounds', '0'], "--rounds must be a whole number from 1, not '0'"],
  ])('%j is a mistake', (args, message) => {
    expect(() => parseCommandLine(args)).toThrow(message);
  });
});
