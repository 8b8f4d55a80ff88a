/** Every benchmark has a hash of its result that is expected, at full size as well as on tiny data. */

import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** A module of the benchmarks, which are JavaScript. */
function load<T>(name: string): Promise<T> {
  return import(fileURLToPath(new URL(`../../benchmarks/${name}`, import.meta.url))) as Promise<T>;
}

const { catalogue } = await load<{ catalogue(options: { smoke: boolean }): { subject: object; others?: { role?: string }[] }[] }>(
  'catalogue.mjs',
);
const { readHashes } = await load<{ readHashes(): Readonly<Record<string, string>> }>('runner/expected.mjs');
const { hashedOf } = await load<{ hashedOf(benchmark: object): object[] }>('runner/measure.mjs');
const { commandText } = await load<{ commandText(program: object): string | undefined }>('runner/programs.mjs');

test.each([{ smoke: true }, { smoke: false }])('hashes are recorded: smoke is $smoke', (options) => {
  const hashes = readHashes();
  const programs = catalogue(options).flatMap(hashedOf);
  const commands = programs.map((program) => commandText(program) ?? 'no script of this repository');
  expect(commands.filter((command) => hashes[command] === undefined)).toEqual([]);
  expect(commands.length).toBeGreaterThan(80);
});
