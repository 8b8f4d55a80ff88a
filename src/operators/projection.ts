/**
 * Projection: a source that can leave out fields is told which ones the job reads, and by which it groups. Follows the records of each source through the
 * operators that hand them on. Pure; may only ever change speed, and what errors show of a record.
 */

import type { OperatorId } from '../base/ids.ts';
import { columnsMax } from '../base/limits.ts';
import type { Path } from '../compiler/closure-analysis.ts';
import type { Operator } from '../compiler/operator.ts';
import { pathsRead, readByAll } from '../compiler/record-reads.ts';
import { rawField } from '../formats/line-parser.ts';
import type { KeySpec, LogicalEdge, LogicalGraph, LogicalOperator, PartitionerSpec } from '../graph/logical.ts';
import type { MembersRead } from '../graph/source.ts';
import { isAwkwardName, type RecordType } from '../schema/type.ts';
import { isSourceOperator, projectedSource, type SourceOperator } from './source.ts';

/** The graph whose sources give the fields that are read, and no others, and know which of them are keys. */
export function projectSources(graph: LogicalGraph): LogicalGraph {
  return { ...graph, operators: graph.operators.map((operator) => projected(operator, graph)) };
}

function projected(operator: LogicalOperator, graph: LogicalGraph): LogicalOperator {
  const { spec } = operator;
  if (!isSourceOperator(spec)) return operator;
  const { type, project, hasAnyFields } = spec.source;
  // A type that was declared for the records is a promise about all of them.
  if (project === undefined || type === undefined || operator.type !== type) return operator;
  if (hasAnyFields === true) return projectedAny(operator, spec, graph);
  if (type.form !== 'object') return operator;
  const read = readBehind(operator.id, graph)?.map(([name]) => name) ?? type.names;
  const keys = keysBehind(operator.id, graph).filter((name) => type.names.includes(name));
  const fields = type.names.filter((name) => read.includes(name));
  if (fields.length === type.names.length && keys.length === 0) return operator;
  const narrow: SourceOperator = projectedSource(spec, fields.length > 0 ? fields : [lastField(type)], keys);
  return { ...operator, spec: narrow, type: narrow.source.type };
}

/** Records of which nothing is read are counted all the same: what leads to the last field is what tells them from anything else. */
function lastField({ names }: RecordType): string {
  return names.findLast((name) => name !== rawField.name) ?? (names[0] as string);
}

/** Of objects of whatever fields: which types these have is not known before the first record. */
function projectedAny(operator: LogicalOperator, spec: SourceOperator, graph: LogicalGraph): LogicalOperator {
  const paths = readBehind(operator.id, graph);
  if (paths === undefined) return operator;
  // Records of which nothing is read are counted all the same, by a field that hardly any has.
  const members = membersRead(paths.length > 0 ? paths : [['']]);
  if (members === undefined || members.size > columnsMax) return operator;
  const keys = keysBehind(operator.id, graph).filter((name) => members.has(name));
  return { ...operator, spec: projectedSource(spec, [...members.keys()], keys, members), type: undefined };
}

/** The members that paths lead to; undefined where one of them may lead to something else than a member. */
function membersRead(paths: readonly Path[]): MembersRead | undefined {
  const behind = new Map<string, Path[]>();
  for (const [name, ...path] of paths as readonly [string, ...string[]][]) {
    if (!isOwn(name)) return undefined;
    behind.set(name, [...(behind.get(name) ?? []), path]);
  }
  return new Map([...behind].map(([name, rest]) => [name, rest.every(isLonger) ? membersRead(rest) : undefined]));
}

/** Whether a path leads to a member of an object. Strings and arrays, which are read as they are, have a length. */
function isLonger([name]: Path): boolean {
  return name !== undefined && name !== 'length';
}

/** Whether a name can be that of a column, and nothing but an own property of an object. U+FFFD in a key may stand for bytes that are no UTF-8. */
function isOwn(name: string): boolean {
  return !isAwkwardName(name) && !(name in Object.prototype) && !name.includes('\ufffd');
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

/** What is read of the records that an operator emits; undefined where it may be all. */
function readBehind(from: OperatorId, graph: LogicalGraph): readonly Path[] | undefined {
  const consumers = graph.operators.flatMap((consumer) =>
    consumer.inputs.filter((edge) => edge.from === from && edge.side === undefined).map((edge) => readBy(consumer, edge, graph)),
  );
  return readByAll(consumers);
}

function readBy(consumer: LogicalOperator, { partitioner }: LogicalEdge, graph: LogicalGraph): readonly Path[] | undefined {
  const reads = (consumer.spec as Partial<Operator>).reads?.();
  if (reads === undefined) return undefined;
  const key = consumer.key === undefined ? [] : keyFields(consumer.key);
  const behind = reads.handsOn ? readBehind(consumer.id, graph) : [];
  return readByAll([reads.paths ?? reads.fields.map(pathOf), key, partitionerFields(partitioner), behind]);
}

function pathOf(field: string): Path {
  return [field];
}

function partitionerFields(partitioner: PartitionerSpec): readonly Path[] | undefined {
  if (partitioner.kind === 'hash' || partitioner.kind === 'custom') return keyFields(partitioner.key);
  return [];
}

function keyFields(key: KeySpec): readonly Path[] | undefined {
  switch (key.kind) {
    case 'fields':
      return key.fields.map(pathOf);
    case 'selector':
      return pathsRead(key.select);
    case 'carried':
      return [];
  }
}
