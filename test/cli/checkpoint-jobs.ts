/** Jobs with checkpoints for the tests of the command line, and directories in which one of them was stopped half-way. */

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface JobParts {
  /** Of the environment. */
  readonly options?: string;
  /** Behind the source, in front of the sink: what counts. */
  readonly counting?: string;
  readonly imports?: string;
  readonly rate?: number;
}

const counting = `.process({
    state: { n: valueState() },
    processElement({ key }, { state: { n } }, out) { n.update((n.value ?? 0) + 1); out(key + ':' + n.value); },
  }).uid('counts').name('counts')`;

/** Records of the job in all, and keys among which they are dealt out. */
const records = 1000;
const keys = 10;

/** Counts by key, with a line for each record; tells every hundredth on standard output, so that a test knows how far it is. */
export function countingJob({
  options = "checkpoint: { interval: '50ms' }",
  counting: process = counting,
  imports = '',
  rate = 2000,
}: JobParts = {}): string {
  return `
import { files, StreamEnvironment, valueState } from 'millrace';
${imports}
const env = new StreamEnvironment({ parallelism: 1, limits: { checkpointPercentMax: 100, cancelMs: 500 }, ${options} });
const numbers = env.generate({ count: ${records}, ratePerSecond: ${rate}, create: (index) => ({ index, key: 'k' + (index % ${keys}) }) }).uid('numbers');
numbers.filter(({ index }) => index % 100 === 99).map(({ index }) => index + 1).print('at');
numbers.keyBy('key')${process}
  .sinkTo(files.sink('out', { format: 'text' })).uid('out');
await env.execute('counting');
`;
}

/** What the job writes in all, sorted. */
export function expectedLines(): string[] {
  return Array.from({ length: records }, (_, i) => `k${i % keys}:${Math.floor(i / keys) + 1}`).sort();
}

/** The lines in the finished files of a file sink, sorted. */
export function writtenLines(directory: string, sink = 'out'): string[] {
  const folder = join(directory, sink);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.startsWith('part-'));
  return names
    .flatMap((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line !== ''),
    )
    .sort();
}

/** A copy of a directory, for one test. */
export function copyOf(directory: string): string {
  const copy = mkdtempSync(join(realpathSync(tmpdir()), 'millrace-cli-test-'));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  cpSync(directory, copy, { recursive: true });
  return copy;
}

/** Puts files into a directory. */
export function put(directory: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
}
