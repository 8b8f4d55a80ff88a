/** Jobs with checkpoints for the tests of the command line, and directories in which one of them was stopped half-way. */

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface JobParts {
  /** Of the environment. */
  readonly options?: string;
  /** Behind the source, in front of the sink: what counts. */
  readonly counting?: string;
  readonly imports?: string;
  /** Records that are made, until something holds; all of them at once when absent. */
  readonly until?: number;
  /** What must hold for the rest: an expression, by default that the test has said `goOn`. */
  readonly holds?: string;
}

const counting = `.process({
    state: { n: valueState() },
    processElement({ key }, { state: { n } }, out) { n.update((n.value ?? 0) + 1); out(key + ':' + n.value); },
  }).uid('counts').name('counts')`;

const waitingSource = fileURLToPath(new URL('../cluster/jobs/waiting-source.mjs', import.meta.url));

/** Where `goOn` says so. */
const onFile = 'go-on';

/** Whether there is a checkpoint in a directory. */
export function hasCheckpoint(directory: string): boolean {
  return existsSync(directory) && readdirSync(directory).some((name) => name.endsWith('.manifest'));
}

/** Records of the job in all, and keys among which they are dealt out. */
const records = 1000;
const keys = 10;

/** Counts by key, with a line for each record; tells every hundredth on standard output, so that a test knows how far it is. */
export function countingJob({
  options = "checkpoint: { interval: '50ms' }",
  counting: process = counting,
  imports = '',
  until = records,
  holds = `nodeFs.existsSync('${onFile}')`,
}: JobParts = {}): string {
  return `
import * as nodeFs from 'node:fs';
import { files, StreamEnvironment, valueState } from 'millrace';
import { waitingSource } from '${waitingSource}';
${imports}
const env = new StreamEnvironment({ parallelism: 1, limits: { checkpointPercentMax: 100, cancelMs: 500 }, ${options} });
const until = () => (${holds} ? ${records} : ${until});
const source = waitingSource({ count: ${records}, until, create: (index) => ({ index, key: 'k' + (index % ${keys}) }) });
const numbers = env.fromSource(source, { name: 'numbers', uid: 'numbers' });
numbers.filter(({ index }) => index % 100 === 99).map(({ index }) => index + 1).print('at');
numbers.keyBy('key')${process}
  .sinkTo(files.sink('out', { format: 'text' })).uid('out');
await env.execute('counting');
`;
}

/** Lets jobs in the directory make the rest of their records. */
export function goOn(directory: string): void {
  writeFileSync(join(directory, onFile), '');
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
