/** Manifests for tests. */

import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import type { CheckpointManifest, OperatorManifest, OperatorSubtaskState } from '../../src/checkpoint/manifest.ts';
import type { SegmentHandle, StateHandle, StoredPart } from '../../src/wire/state-handles.ts';

export function manifest(changes: Partial<CheckpointManifest> = {}): CheckpointManifest {
  const { id = 1, kind = 'checkpoint', jobName = 'word count', triggeredAt = 1_700_000_000_000 } = changes;
  return { operators: [], hostInputs: {}, graph: [], ...changes, id, kind, jobName, triggeredAt };
}

export function operator(changes: Partial<OperatorManifest> = {}): OperatorManifest {
  const { subtasks = [], parallelism = subtasks.length, maxParallelism = 128 } = changes;
  return { stateId: 'counts', name: 'count words', kind: 'keyed-reduce', ...changes, subtasks, parallelism, maxParallelism };
}

export function subtask(changes: Partial<OperatorSubtaskState> = {}): OperatorSubtaskState {
  return { keyed: {}, parts: {}, ...changes };
}

export function inline(content: Uint8Array | string): StateHandle {
  const bytes = Uint8Array.from(Buffer.from(content));
  return { kind: 'inline', bytes, checksum: crc32(bytes) };
}

export function inFile(path: string, offset = 0, length = 10): StateHandle {
  return { kind: 'file', path, offset, length, checksum: 1 };
}

export function segment(id: string, bytes: StateHandle = inline(id), changes: Partial<SegmentHandle> = {}): SegmentHandle {
  return { id, bytes, entries: 1, stale: [], schema: null, ...changes };
}

export function part(distribution: StoredPart['distribution'], count: number, name = 'items'): StoredPart {
  return { distribution, count, items: inline(`${name} ${count}`) };
}

const handles: fc.Arbitrary<StateHandle> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => inline(bytes)),
  fc.record({
    kind: fc.constant('file' as const),
    path: fc.constantFrom('state/000001-a.state', 'state/000002-b.state'),
    offset: fc.nat(),
    length: fc.nat(),
    checksum: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  }),
);

/** Names of users, the impossible ones too. */
const names = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '', '\ud800'));

function records<V>(values: fc.Arbitrary<V>): fc.Arbitrary<Readonly<Record<string, V>>> {
  return fc.array(fc.tuple(names, values), { maxLength: 3 }).map((entries) => Object.fromEntries(entries));
}

const subtasks: fc.Arbitrary<OperatorSubtaskState> = fc.record(
  {
    keyed: records(
      fc.array(
        fc.record({
          id: fc.string(),
          bytes: handles,
          entries: fc.nat(),
          stale: fc.array(handles, { maxLength: 2 }),
          schema: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value))),
        }),
        { maxLength: 3 },
      ),
    ),
    parts: records(
      fc.record({
        distribution: fc.constantFrom('split' as const, 'union' as const, 'broadcast' as const),
        items: handles,
        count: fc.nat(),
      }),
    ),
    inFlight: fc.array(fc.record({ exchange: names, rows: handles, count: fc.nat() }), { maxLength: 2 }),
  },
  { requiredKeys: ['keyed', 'parts'] },
);

/** Anything that a value in a split can be. */
const splits = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, maxDepth: 2, maxKeys: 3 });

export const anyManifest: fc.Arbitrary<CheckpointManifest> = fc.record({
  id: fc.integer({ min: 1 }),
  kind: fc.constantFrom('checkpoint' as const, 'savepoint' as const),
  jobName: names,
  triggeredAt: fc.nat(),
  operators: fc.array(
    fc.record(
      {
        stateId: names,
        name: names,
        kind: fc.string(),
        parallelism: fc.nat(),
        maxParallelism: fc.nat(),
        subtasks: fc.array(subtasks, { maxLength: 3 }),
        splits: fc.array(splits, { maxLength: 3 }),
      },
      { requiredKeys: ['stateId', 'name', 'kind', 'parallelism', 'maxParallelism', 'subtasks'] },
    ),
    { maxLength: 3 },
  ),
  hostInputs: records(fc.nat()),
  graph: fc.array(names, { maxLength: 3 }),
});
