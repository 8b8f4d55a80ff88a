/**
 * Projection: a source that can leave out fields is told which ones the job reads, and by which it groups. Follows the records of each source through the
 * operators that hand them on. Pure; may only ever change speed, and what errors show of a record.
 */

import type { OperatorId } from '../base/ids.ts';
import type { Operator } from '../compiler/operator.ts';
import { fieldsRead, readByAll } from '../compiler/record-reads.ts';
import type { KeySpec, LogicalEdge, LogicalGraph, LogicalOperator, PartitionerSpec } from '../graph/logical.ts';
import { isSourceOperator, projectedSource, type SourceOperator } from './source.ts';

/** The graph whose sources give the fields that are read, and no others, and know which of them are keys. */
export function projectSources(graph: LogicalGraph): LogicalGraph {
  return { ...graph, operators: graph.operators.map((operator) => projected(operator, graph)) };
}

function projected(operator: LogicalOperator, graph: LogicalGraph): LogicalOperator {
  const { spec } = operator;
  if (!isSourceOperator(spec)) return operator;
  const { type, project } = spec.source;
  // A type that was declared for the records is a promise about all of them.
  if (project === undefined || type === undefined || type.form !== 'object' || operator.type !== type) return operator;
  const read = readBehind(operator.id, graph) ?? type.names;
  const keys = keysBehind(operator.id, graph).filter((name) => type.names.includes(name));
  const fields = type.names.filter((name) => read.includes(name));
  if (fields.length === type.names.length && keys.length === 0) return operator;
  const narrow: SourceOperator = projectedSource(spec, fields.length > 0 ? fields : [type.names[0] as string], keys);
  return { ...operator, spec: narrow, type: narrow.source.type };
}

/** The fields that the records of an operator are grouped by, one at a time. */
function keysBehind(from: OperatorId, graph: LogicalGraph): readonly string[] {
  const keys = graph.operators.flatMap((consumer) =>
    consumer.inputs
      .filter((edge) => edge.from === from && edge.side === undefined)
      .flatMap(({ partitioner }) => [
        ...(partitioner.kind === 'hash' ? singleKey(partitioner.key) : []),
        ...(consumer.key === undefined ? [] : singleKey(consumer.key)),
        ...((consumer.spec as Partial<Operator>).reads?.()?.handsOn === true ? keysBehind(consumer.id, graph) : []),
      ]),
  );
  return [...new Set(keys)];
}

function singleKey(key: KeySpec): readonly string[] {
  return key.kind === 'fields' && !key.composite ? key.fields : [];
}

/** The fields that are read of the records that an operator emits; undefined where it may be all. */
function readBehind(from: OperatorId, graph: LogicalGraph): readonly string[] | undefined {
  const consumers = graph.operators.flatMap((consumer) =>
    consumer.inputs.filter((edge) => edge.from === from && edge.side === undefined).map((edge) => readBy(consumer, edge, graph)),
  );
  return readByAll(consumers);
}

function readBy(consumer: LogicalOperator, { partitioner }: LogicalEdge, graph: LogicalGraph): readonly string[] | undefined {
  const reads = (consumer.spec as Partial<Operator>).reads?.();
  if (reads === undefined) return undefined;
  const key = consumer.key === undefined ? [] : keyFields(consumer.key);
  const behind = reads.handsOn ? readBehind(consumer.id, graph) : [];
  return readByAll([reads.fields, key, partitionerFields(partitioner), behind]);
}

function partitionerFields(partitioner: PartitionerSpec): readonly string[] | undefined {
  if (partitioner.kind === 'hash' || partitioner.kind === 'custom') return keyFields(partitioner.key);
  return [];
}

function keyFields(key: KeySpec): readonly string[] | undefined {
  switch (key.kind) {
    case 'fields':
      return key.fields;
    case 'selector':
      return fieldsRead(key.select);
    case 'carried':
      return [];
  }
}
