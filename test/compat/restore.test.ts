/** Checkpoints of earlier versions: each is gone on from, at several parallelisms, and leads to the results that it was to lead to. */

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sharedCluster, within } from '../cluster/support.ts';
import { committedLines, difference } from '../crash/committed-lines.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const versions = readdirSync(here).filter((name) => /^v\d+$/.test(name));

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
function copyOf(version: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-compat-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const part of ['state', 'out']) cpSync(join(here, version, part), join(directory, part), { recursive: true });
  return directory;
}

describe('the sample of', () => {
  const shared = sharedCluster({ slots: 3 });

  it.each(versions.flatMap((version) => [2, 1, 3].map((parallelism) => [version, parallelism] as const)))(
    '%s goes on at parallelism %d',
    async (version, parallelism) => {
      const directory = copyOf(version);
      expect(readdirSync(join(directory, 'state')).filter((name) => name.endsWith('.manifest'))).toHaveLength(1);
      const { records } = JSON.parse(readFileSync(join(here, version, 'sample.json'), 'utf8')) as { records: number };
      const job = new URL(`./${version}/job.mjs`, import.meta.url);
      const client = await shared().submit(job, { args: { directory, records, parallelism, checkpoint: true } });
      // A job that started over would find the parts of the sample in its way.
      await within(client.result(), 'the job');
      for (const [sink, lines] of expectedOf(version)) {
        expect(difference(lines, committedLines(join(directory, 'out', sink))), sink).toBe('');
      }
    },
  );

  it('this version is among them', () => {
    expect(versions).toContain('v1');
    for (const version of versions) expect(existsSync(join(here, version, 'state')), version).toBe(true);
  });
});
