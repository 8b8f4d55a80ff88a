/** The order of splits: what goes on with fewer readers reads them in the order in which they were found. */

import { expect, it } from 'vitest';
import type { StreamEnvironment } from '../../src/api/environment.ts';
import { defaultLimits } from '../../src/base/limits.ts';
import { SplitAssigner } from '../../src/cluster/split-assigner.ts';
import type { Source, Split } from '../../src/graph/source.ts';
import { nodeSystem } from '../../src/platform/node-system.ts';
import { planDescription } from '../../src/runtime/plan.ts';
import { describing } from '../crash/in-process-job.ts';

const found: readonly Split[] = ['a', 'b', 'c', 'd'].map((id) => ({ id }));

const source: Source<string> = {
  name: 'letters',
  bounded: true,
  enumerate: async () => [...found],
  createReader: () => {
    throw new Error('nobody reads here');
  },
};

it('is that of the first run, whoever had read what', async () => {
  const describe = describing({ parallelism: 2 }, (env: StreamEnvironment) => env.fromSource(source).print());
  const plan = planDescription(describe());
  const context = { system: nodeSystem(), limits: defaultLimits };
  const splits = await SplitAssigner.enumerate(plan, context);
  expect([splits.next(0)?.id, splits.next(0)?.id]).toEqual(['a', 'b']);
  // The second reader tells of its split first, and the first has come further.
  const left = splits.inOrder(0, [{ id: 'b' }, { id: 'd' }, { id: 'c' }, { id: 'a' }]);
  expect(left.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
  const again = await SplitAssigner.enumerate(plan, context, new Map([[0, left.slice(1)]]));
  expect(again.inOrder(0, [{ id: 'd' }, { id: 'b' }]).map(({ id }) => id)).toEqual(['b', 'd']);
});
