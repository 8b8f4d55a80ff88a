/** Checkpoints of earlier versions: each is gone on from, at several parallelisms, and leads to the results that it was to lead to. */

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sharedCluster, within } from '../cluster/support.ts';
import { committedLines, difference } from '../crash/committed-lines.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const versions = readdirSync(here).filter((name) => /^v\d+$/.test(name));

/** What a sample says of itself. */
interface Sample {
  /** Of the job. */
  readonly args: { readonly records: number; readonly which?: readonly string[] };
  /** At which it must be gone on from. */
  readonly parallelisms: readonly number[];
}

const samples = versions.flatMap((version) =>
  readdirSync(join(here, version))
    .filter((name) => existsSync(join(here, version, name, 'sample.json')))
    .map((name) => `${version}/${name}`),
);

function read(sample: string): Sample {
  return JSON.parse(readFileSync(join(here, sample, 'sample.json'), 'utf8')) as Sample;
}

/** Lines by the directory of the sink. */
function expectedOf(version: string): ReadonlyMap<string, readonly string[]> {
  const lines = readFileSync(join(here, version, 'expected.txt'), 'utf8')
    .split('\n')
    .slice(0, -1);
  const bySink = new Map<string, string[]>();
  for (const text of lines) {
    const [sink = '', line = ''] = text.split('\t');
    const found = bySink.get(sink) ?? [];
    found.push(line);
    bySink.set(sink, found);
  }
  return bySink;
}

/** The sample as it was written, in a directory that may be written to. */
function copyOf(sample: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-compat-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  cpSync(join(here, sample), directory, { recursive: true });
  return directory;
}

describe('the sample of', () => {
  const shared = sharedCluster({ slots: 3 });

  it.each(samples.flatMap((sample) => read(sample).parallelisms.map((parallelism) => [sample, parallelism] as const)))(
    '%s goes on at parallelism %d',
    async (sample, parallelism) => {
      const directory = copyOf(sample);
      const savepoint = join(directory, 'savepoint');
      const from = existsSync(savepoint) ? savepoint : undefined;
      expect(readdirSync(from ?? join(directory, 'state')).filter((name) => name.endsWith('.manifest'))).toHaveLength(1);
      const { args } = read(sample);
      const version = dirname(sample);
      const job = new URL(`./${version}/job.mjs`, import.meta.url);
      const client = await shared().submit(job, {
        args: { ...args, directory, parallelism },
        ...(from === undefined ? {} : { from }),
      });
      // A job that started over would find the parts of the sample in its way.
      await within(client.result(), 'the job');
      for (const [sink, lines] of expectedOf(version)) {
        if (args.which?.includes(sink) === false) continue;
        expect(difference(lines, committedLines(join(directory, 'out', sink))), sink).toBe('');
      }
    },
  );

  it('this version is among them', () => {
    expect(samples).toEqual(expect.arrayContaining(['v1/aligned', 'v1/unaligned', 'v1/incremental', 'v1/disk', 'v1/savepoint']));
  });
});
