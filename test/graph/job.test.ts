import { describe, expect, test } from 'vitest';
import { type OperatorSpec, type PartitionerSpec, resolveRuntimeMode } from '../../src/graph/logical.ts';
import { type Draft, exchangesOf, graphOf, hash, plan, stagesOf } from './graphs.ts';

const input = { endpoint: { direction: 'input', name: 'in' } } as const;
const output = { endpoint: { direction: 'output', name: 'out' } } as const;

describe('chaining', () => {
  /** What the two operators have, and whether they become one stage. */
  const rules: readonly [string, Partial<Draft>, Partial<Draft>, PartitionerSpec, boolean][] = [
    ['forward at equal parallelism', {}, {}, { kind: 'forward' }, true],
    ['forward at parallelism one', { parallelism: 1 }, { parallelism: 1 }, { kind: 'forward' }, true],
    ['the consumer must be a head', {}, { chaining: 'head' }, { kind: 'forward' }, false],
    ['the consumer is never chained', {}, { chaining: 'never' }, { kind: 'forward' }, false],
    ['the producer is never chained', { chaining: 'never' }, {}, { kind: 'forward' }, false],
    ['the producer must be a head', { chaining: 'head' }, {}, { kind: 'forward' }, true],
    ['rebalance', {}, {}, { kind: 'rebalance' }, false],
    ['rescale', {}, {}, { kind: 'rescale' }, false],
    ['shuffle', {}, {}, { kind: 'shuffle' }, false],
    ['broadcast', {}, {}, { kind: 'broadcast' }, false],
    ['global', {}, {}, { kind: 'global' }, false],
    ['by key', {}, {}, hash, false],
    ['custom', {}, {}, { kind: 'custom', key: { kind: 'carried' }, partition: () => 0 }, false],
    ['an input of the host', { spec: input }, {}, { kind: 'forward' }, false],
    ['an output of the host', {}, { spec: output }, { kind: 'forward' }, false],
  ];

  test.each(rules)('%s', (_, producer, consumer, partitioner, chained) => {
    const graph = graphOf({ name: 'a', ...producer }, { name: 'b', ...consumer, from: [{ name: 'a', partitioner }] });
    const job = plan(graph);
    const inStages = [producer, consumer].filter(({ spec }) => spec?.endpoint === undefined).length;
    expect(stagesOf(job)).toHaveLength(chained ? 1 : inStages);
    expect(job.exchanges).toHaveLength(chained ? 0 : 1);
  });

  test('goes on along a chain, and starts anew behind an exchange', () => {
    const job = plan(
      graphOf(
        { name: 'source' },
        { name: 'parse', from: ['source'] },
        { name: 'filter', from: ['parse'] },
        { name: 'sum', from: [{ name: 'filter', partitioner: hash }] },
        { name: 'print', from: ['sum'] },
      ),
    );
    expect(stagesOf(job)).toEqual(['source → parse → filter', 'sum → print']);
    expect(exchangesOf(job)).toEqual(['0:filter —hash→ 1:sum']);
  });

  test('lets a chain branch', () => {
    const job = plan(
      graphOf({ name: 'source' }, { name: 'a', from: ['source'] }, { name: 'b', from: ['source'] }, { name: 'c', from: ['a'] }),
    );
    expect(stagesOf(job)).toEqual(['source → a → b → c']);
  });

  test('does not join what has several inputs', () => {
    const job = plan(graphOf({ name: 'a' }, { name: 'b' }, { name: 'union', from: ['a', 'b'] }, { name: 'print', from: ['union'] }));
    expect(stagesOf(job)).toEqual(['a', 'b', 'union → print']);
    expect(exchangesOf(job)).toEqual(['0:a —forward→ 2:union', '1:b —forward→ 2:union']);
  });

  test('can be switched off', () => {
    const job = plan(graphOf({ name: 'a' }, { name: 'b', from: ['a'] }), { chaining: false });
    expect(stagesOf(job)).toEqual(['a', 'b']);
    expect(exchangesOf(job)).toEqual(['0:a —forward→ 1:b']);
  });
});

describe('stages', () => {
  test('know the exchanges that end and start at them', () => {
    const job = plan(
      graphOf(
        { name: 'a' },
        { name: 'b', parallelism: 1, from: [{ name: 'a', partitioner: { kind: 'rebalance' } }] },
        {
          name: 'c',
          from: [
            { name: 'a', partitioner: hash },
            { name: 'b', partitioner: hash, side: 'late' },
          ],
        },
      ),
    );
    expect(job.stages.map(({ id, parallelism, inputs, outputs }) => ({ id, parallelism, inputs, outputs }))).toEqual([
      { id: 0, parallelism: 2, inputs: [], outputs: [0, 1] },
      { id: 1, parallelism: 1, inputs: [0], outputs: [2] },
      { id: 2, parallelism: 2, inputs: [1, 2], outputs: [] },
    ]);
    expect(job.exchanges.map(({ side }) => side)).toEqual([undefined, undefined, 'late']);
    expect(job.exchanges.map(({ from, to }) => [from.parallelism, to.parallelism])).toEqual([
      [2, 1],
      [2, 2],
      [1, 2],
    ]);
  });

  test('come in an order in which data flows', () => {
    const job = plan(
      graphOf(
        { name: 'a' },
        { name: 'b' },
        { name: 'c', from: ['b'] },
        { name: 'd', from: [{ name: 'c', partitioner: hash }, 'a'] },
        { name: 'e', from: [{ name: 'a', partitioner: hash }] },
      ),
    );
    for (const { from, to } of job.exchanges) expect(from.stage).toBeLessThan(to.stage as number);
  });
});

describe('exchanges with the host', () => {
  test('have one end there, and rebalance where the other has several', () => {
    const job = plan(graphOf({ name: 'in', spec: input }, { name: 'map', from: ['in'] }, { name: 'out', spec: output, from: ['map'] }));
    expect(stagesOf(job)).toEqual(['map']);
    expect(exchangesOf(job)).toEqual(['host:in —rebalance→ 0:map', '0:map —rebalance→ host:out']);
    expect(job.exchanges.map(({ from, to }) => [from.parallelism, to.parallelism])).toEqual([
      [1, 2],
      [2, 1],
    ]);
  });

  test('stay forward at parallelism one, and keep what was asked for', () => {
    const job = plan(
      graphOf(
        { name: 'in', spec: input },
        { name: 'one', parallelism: 1, from: ['in'] },
        { name: 'all', from: [{ name: 'in', partitioner: { kind: 'broadcast' } }] },
      ),
    );
    expect(exchangesOf(job)).toEqual(['host:in —forward→ 0:one', 'host:in —broadcast→ 1:all']);
  });
});

test('forward between unequal parallelism is an error that names both', () => {
  const graph = graphOf({ name: 'wide' }, { name: 'narrow', parallelism: 1, from: ['wide'] });
  expect(() => plan(graph)).toThrow(
    expect.objectContaining({
      code: 'INVALID_JOB',
      message: expect.stringMatching(/'wide' \(parallelism 2\) to 'narrow' \(parallelism 1\)/),
    }),
  );
});

describe('local aggregation', () => {
  const local: OperatorSpec = { kind: 'local', title: 'local', functions: {} };
  const merge: OperatorSpec = { kind: 'merge', title: 'merge', functions: {} };
  const graph = graphOf(
    { name: 'source' },
    { name: 'sum', uid: 'sum-1', spec: { local, merge }, from: [{ name: 'source', partitioner: hash }] },
    { name: 'print', from: ['sum'] },
  );

  test('stands in front of the exchange, chained to what feeds it', () => {
    const job = plan(graph);
    expect(stagesOf(job)).toEqual(['source → sum (local)', 'sum → print']);
    expect(exchangesOf(job)).toEqual(['0:sum (local) —hash→ 1:sum']);
    expect(job.exchanges[0]?.partitioner).toEqual({ kind: 'hash', key: { kind: 'carried' } });
  });

  test('knows its key, has a uid made of that of its operator and takes the parallelism of what feeds it', () => {
    const wider = graphOf(
      { name: 'source', parallelism: 3 },
      { name: 'sum', uid: 'sum-1', parallelism: 1, spec: { local, merge }, from: [{ name: 'source', partitioner: hash }] },
    );
    expect(plan(wider).stages[0]?.operators[1]).toMatchObject({
      id: 2,
      parallelism: 3,
      uid: 'sum-1-local-0',
      spec: local,
      key: { kind: 'fields', fields: ['key'] },
    });
    expect(plan(wider).stages[1]?.operators[0]).toMatchObject({ id: 1, parallelism: 1, uid: 'sum-1', spec: merge });
  });

  test('leaves the operator as it is where it has nothing else to merge with', () => {
    const plain = graphOf({ name: 'source' }, { name: 'sum', spec: { local }, from: [{ name: 'source', partitioner: hash }] });
    expect(plan(plain).stages[1]?.operators[0]?.spec).toMatchObject({ kind: 'test', local });
  });

  test('stands in front of each of several exchanges', () => {
    const union = graphOf(
      { name: 'a' },
      { name: 'b', parallelism: 1 },
      {
        name: 'sum',
        spec: { local, merge },
        from: [
          { name: 'a', partitioner: hash },
          { name: 'b', partitioner: hash, side: 'late' },
        ],
      },
    );
    const job = plan(union);
    expect(stagesOf(job)).toEqual(['a → sum (local)', 'b → sum (local)', 'sum']);
    expect(job.stages[1]?.operators[1]).toMatchObject({ parallelism: 1, inputs: [{ side: 'late' }] });
    expect(exchangesOf(job)).toEqual(['0:sum (local) —hash→ 2:sum', '1:sum (local) —hash→ 2:sum']);
    expect(job.exchanges.map(({ side }) => side)).toEqual([undefined, undefined]);
  });

  test('is a stage of its own behind what is never chained, and behind the host', () => {
    const unchained = graphOf(
      { name: 'source', chaining: 'never' },
      { name: 'sum', spec: { local, merge }, from: [{ name: 'source', partitioner: hash }] },
    );
    expect(stagesOf(plan(unchained))).toEqual(['source', 'sum (local)', 'sum']);
    const fed = graphOf({ name: 'in', spec: input }, { name: 'sum', spec: { local, merge }, from: [{ name: 'in', partitioner: hash }] });
    expect(exchangesOf(plan(fed))).toEqual(['host:in —rebalance→ 0:sum (local)', '0:sum (local) —hash→ 1:sum']);
  });

  test.each([{ mode: 'streaming' }, { localAggregation: false }] as const)('is left out with %o', (options) => {
    expect(stagesOf(plan(graph, options))).toEqual(['source', 'sum → print']);
  });

  test('leaves the logical graph alone', () => {
    const before = structuredClone(graph.operators.map(({ id, name, inputs }) => ({ id, name, inputs })));
    plan(graph);
    expect(graph.operators.map(({ id, name, inputs }) => ({ id, name, inputs }))).toEqual(before);
  });
});

describe('the runtime mode', () => {
  const bounded = { name: 'a', spec: { bounded: true } };
  const unbounded = { name: 'b', spec: { bounded: false } };
  const unknown = { name: 'c' };

  test.each([
    [[bounded], 'batch'],
    [[bounded, unbounded], 'streaming'],
    [[unknown], 'streaming'],
  ] as const)('follows from the sources', (drafts, mode) => {
    expect(resolveRuntimeMode(graphOf(...drafts), 'automatic')).toBe(mode);
  });

  test('is what was asked for', () => {
    expect(resolveRuntimeMode(graphOf(bounded), 'streaming')).toBe('streaming');
    expect(resolveRuntimeMode(graphOf(unbounded), 'batch')).toBe('batch');
  });
});
