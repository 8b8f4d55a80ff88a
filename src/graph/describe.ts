/** Graphs as text: for `explain`, and for comparing the graphs that host and workers built from one module. */

import type { KeySpec, LogicalGraph, LogicalOperator, PartitionerSpec, UserFunction } from './logical.ts';

/** One line for each operator, equal exactly when the operators are. */
export function graphFingerprint(graph: LogicalGraph): string[] {
  return graph.operators.map((operator) =>
    JSON.stringify({
      id: operator.id,
      kind: operator.spec.kind,
      name: operator.name,
      title: operator.spec.title,
      uid: operator.uid,
      parallelism: operator.parallelism,
      maxParallelism: operator.maxParallelism,
      chaining: operator.chaining,
      type: operator.type,
      details: operator.spec.details,
      functions: Object.entries(operator.spec.functions).map(([role, fn]) => [role, functionText(fn)]),
      inputs: operator.inputs.map((edge) => [edge.from, partitionerText(edge.partitioner), edge.side, edge.input]),
    }),
  );
}

/** The first line in which two fingerprints differ, told so that people find the place; undefined when they are equal. */
export function fingerprintDifference(expected: readonly string[], actual: readonly string[]): string | undefined {
  for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
    if (expected[i] === actual[i]) continue;
    if (actual[i] === undefined) return `operator ${i} is missing: ${nameIn(expected[i] as string)}`;
    if (expected[i] === undefined) return `operator ${i} is new: ${nameIn(actual[i] as string)}`;
    return `operator ${i} differs: ${nameIn(expected[i] as string)} on the host, ${nameIn(actual[i] as string)} in the worker${fieldDifference(expected[i] as string, actual[i] as string)}`;
  }
  return undefined;
}

function nameIn(line: string): string {
  return `'${(JSON.parse(line) as { name: string }).name}'`;
}

function fieldDifference(expected: string, actual: string): string {
  const a = JSON.parse(expected) as Record<string, unknown>;
  const b = JSON.parse(actual) as Record<string, unknown>;
  const fields = Object.keys({ ...a, ...b }).filter((field) => JSON.stringify(a[field]) !== JSON.stringify(b[field]));
  return ` (${fields.join(', ')})`;
}

export function functionText(fn: UserFunction): string {
  return Function.prototype.toString.call(fn);
}

export function partitionerText(partitioner: PartitionerSpec): string {
  if (partitioner.kind === 'hash') return `hash(${keyText(partitioner.key)})`;
  if (partitioner.kind === 'custom') return `custom(${keyText(partitioner.key)}, ${functionText(partitioner.partition)})`;
  return partitioner.kind;
}

export function keyText(key: KeySpec): string {
  if (key.kind === 'selector') return functionText(key.select);
  if (key.kind === 'carried') return 'key';
  return key.composite ? `[${key.fields.join(', ')}]` : (key.fields[0] ?? 'value');
}

/** An operator as people name it. */
export function operatorLabel(operator: LogicalOperator): string {
  return operator.name === operator.spec.title ? operator.name : `${operator.name} (${operator.spec.title})`;
}
