/** What a job is told of sources that have changed, and of a checkpoint that is another job's. */

import { expect, test } from 'vitest';
import type { CheckpointManifest } from '../../src/checkpoint/manifest.ts';
import { matchPlan } from '../../src/cluster/recovered-state.ts';
import { graphFingerprint } from '../../src/graph/describe.ts';
import { StreamEnvironment } from '../../src/index.ts';
import { planDescription } from '../../src/runtime/plan.ts';
import { manifest, operator, subtask } from '../checkpoint/manifests.ts';

interface Sources {
  readonly path: string;
  readonly count?: number;
  readonly name?: string;
  readonly uid?: string;
}

function job({ path, count = 10, name, uid }: Sources) {
  const env = new StreamEnvironment();
  const numbers = env.generate({ count, create: (index) => index, name: 'numbers' }).uid('source-1');
  let lines = env.readTextFile(path);
  if (name !== undefined) lines = lines.name(name);
  if (uid !== undefined) lines = lines.uid(uid);
  numbers.map(String).union(lines).print();
  return env.describe('reading');
}

/** A checkpoint in which both sources had something left to read. */
function stored(sources: Sources): CheckpointManifest {
  const { graph, name } = job(sources);
  const { uid = 'source-2', path } = sources;
  const source = (stateId: string, title: string) =>
    operator({ stateId, name: title, kind: 'source', subtasks: [subtask()], splits: ['left'] });
  const operators = [source('source-1', 'numbers'), source(uid, sources.name ?? path)];
  return manifest({ jobName: name, graph: graphFingerprint(graph), operators });
}

function told(before: Sources, now: Sources, changes: Partial<CheckpointManifest> = {}): string[] {
  const { differences } = matchPlan({ ...stored(before), ...changes }, planDescription(job(now)), {
    jobName: 'reading',
    allowNonRestoredState: false,
  });
  expect(differences.filter(({ fatal }) => fatal)).toEqual([]);
  return differences.map(({ text }) => text);
}

test('sources that are as they were are not spoken of', () => {
  expect(told({ path: 'a.log' }, { path: 'a.log' })).toEqual([]);
});

test('a source that reads other files is told of, by name or uid or neither', () => {
  const change = "reads 'b.log' now, and read 'a.log' then: it goes on with what was left of that, whatever else there is to read now";
  expect(told({ path: 'a.log', name: 'lines' }, { path: 'b.log', name: 'lines' })).toEqual([`'lines' (source-2) ${change}`]);
  expect(told({ path: 'a.log', uid: 'in' }, { path: 'b.log', uid: 'in' })).toEqual([`'b.log' (in) ${change}`]);
  expect(told({ path: 'a.log' }, { path: 'b.log' })).toEqual([
    expect.stringMatching(/^'b\.log' \(source-2\) would go on with the positions of 'a\.log'/),
  ]);
});

test('a source that is told something else is told of', () => {
  const [text, ...more] = told({ path: 'a.log', count: 10 }, { path: 'a.log', count: 20 });
  expect(text).toMatch(/^'numbers' \(source-1\) was told other options then: to is 19, and was 9: it goes on/);
  expect(more).toEqual([]);
});

test('checkpoints of another job are told of; lines of a graph that cannot be read are not', () => {
  expect(told({ path: 'a.log' }, { path: 'a.log' }, { jobName: 'other', graph: ['', 'null', '{"kind":"source"}'] })).toEqual([
    "it is of the job 'other', and this is 'reading'",
  ]);
});
