import { describe, expect, test } from 'vitest';
import {
  fingerprintDifference,
  functionText,
  graphFingerprint,
  keyText,
  operatorLabel,
  partitionerText,
} from '../../src/graph/describe.ts';
import type { LogicalOperator, UserFunction } from '../../src/graph/logical.ts';
import { t } from '../../src/schema/type.ts';
import { type Draft, graphOf, hash } from './graphs.ts';

const double = (value: number): number => value * 2;
const triple = (value: number): number => value * 3;

const drafts: readonly Draft[] = [
  { name: 'source', spec: { details: { path: 'a.log' } } },
  { name: 'map', spec: { functions: { map: double } }, from: ['source'] },
  { name: 'sum', from: [{ name: 'map', partitioner: hash }] },
];

/** The fingerprint with one operator changed. */
function changed(index: number, change: Partial<Draft>): string[] {
  return graphFingerprint(graphOf(...drafts.map((draft, i) => (i === index ? { ...draft, ...change } : draft))));
}

describe('fingerprints', () => {
  const fingerprint = graphFingerprint(graphOf(...drafts));

  test('are equal for graphs that were built alike', () => {
    expect(fingerprintDifference(fingerprint, changed(0, {}))).toBeUndefined();
    expect(fingerprintDifference(fingerprint, structuredClone(fingerprint))).toBeUndefined();
  });

  const changes: readonly [string, number, Partial<Draft>, string][] = [
    ['a name', 0, { uid: 'u' }, 'uid'],
    ['the parallelism', 1, { parallelism: 3 }, 'parallelism'],
    ['the key groups', 1, { maxParallelism: 256 }, 'maxParallelism'],
    ['the chaining', 1, { chaining: 'never' }, 'chaining'],
    ['a declared type', 1, { type: t.string.record }, 'type'],
    ['a nullable type', 1, { type: t.nullable(t.string).record }, 'type'],
    ['an option', 0, { spec: { details: { path: 'b.log' } } }, 'details'],
    ['a function', 1, { spec: { functions: { map: triple } } }, 'functions'],
    ['the role of a function', 1, { spec: { functions: { filter: double } } }, 'functions'],
    ['the kind', 1, { spec: { kind: 'filter', functions: { map: double } } }, 'kind'],
    ['a partitioner', 2, { from: [{ name: 'map', partitioner: { kind: 'rebalance' } }] }, 'inputs'],
    ['a key', 2, { from: [{ name: 'map', partitioner: { kind: 'hash', key: { kind: 'selector', select: double } } }] }, 'inputs'],
    ['a side output', 2, { from: [{ name: 'map', partitioner: hash, side: 'late' }] }, 'inputs'],
    ['an edge', 2, { from: [{ name: 'source', partitioner: hash }] }, 'inputs'],
  ];

  test.each(changes)('tell when %s is another', (_, index, change, field) => {
    const name = drafts[index]?.name as string;
    expect(fingerprintDifference(fingerprint, changed(index, change))).toBe(
      `operator ${index} differs: '${name}' on the host, '${name}' in the worker (${field})`,
    );
  });

  test('tell which operator is missing or new', () => {
    expect(fingerprintDifference(fingerprint, fingerprint.slice(0, 2))).toBe("operator 2 is missing: 'sum'");
    expect(fingerprintDifference(fingerprint.slice(0, 2), fingerprint)).toBe("operator 2 is new: 'sum'");
    expect(fingerprintDifference([], [])).toBeUndefined();
  });

  test('tell operators apart whose names are swapped', () => {
    const other = graphFingerprint(graphOf({ name: 'x' }, { name: 'y' }));
    expect(fingerprintDifference(graphFingerprint(graphOf({ name: 'y' }, { name: 'x' })), other)).toContain(
      "'y' on the host, 'x' in the worker",
    );
  });
});

describe('graphs as text', () => {
  test('show keys', () => {
    expect(keyText({ kind: 'fields', fields: ['url'], composite: false })).toBe('url');
    expect(keyText({ kind: 'fields', fields: ['url', 'day'], composite: true })).toBe('[url, day]');
    expect(keyText({ kind: 'fields', fields: ['url'], composite: true })).toBe('[url]');
    expect(keyText({ kind: 'fields', fields: [], composite: false })).toBe('value');
    expect(keyText({ kind: 'carried' })).toBe('key');
    expect(keyText({ kind: 'selector', select: double })).toBe(functionText(double));
  });

  test('show partitioners', () => {
    const partition = (() => 1) as UserFunction;
    expect(partitionerText({ kind: 'rebalance' })).toBe('rebalance');
    expect(partitionerText(hash)).toBe('hash(key)');
    expect(partitionerText({ kind: 'custom', key: { kind: 'carried' }, partition })).toBe('custom(key, () => 1)');
  });

  test('show the name that an operator was given beside its own', () => {
    const operator = (name: string): LogicalOperator => graphOf({ name, spec: { title: 'map' } }).operators[0] as LogicalOperator;
    expect(operatorLabel(operator('map'))).toBe('map');
    expect(operatorLabel(operator('parse'))).toBe('parse (map)');
  });
});
