/**
 * What a plan should come to: a slow and obvious interpreter, which shares no code with the engine.
 *
 * Every record has a lane. Records of one lane go through the same subtasks one behind the other, so their order is fixed;
 * records of different lanes may meet in any order. That is all that the engine promises about order (as Flink does: order
 * for each channel), and all that may be compared.
 */

import { aggregated, extreme } from './aggregates.ts';
import { canonicalKey, keyText } from './canonical.ts';
import {
  type Edge,
  isKeyed,
  isStreaming,
  type Key,
  type KeyedOperation,
  type Operation,
  type Plan,
  type PlanNode,
  type ProcessSpec,
  parallelismOf,
} from './plan.ts';

export interface Item {
  readonly value: unknown;
  readonly lane: string;
}

interface Output {
  readonly main: readonly Item[];
  readonly sides: ReadonlyMap<string, readonly Item[]>;
}

/** The records that arrive at each sink, by the sink's node. Those of one lane stand in their order. */
export function interpret(plan: Plan): Map<number, readonly Item[]> {
  const outputs: Output[] = [];
  const sinks = new Map<number, readonly Item[]>();
  for (const [index, node] of plan.nodes.entries()) {
    const input = node.inputs.flatMap((edge, i) => {
      const lane = node.inputs.length === 1 ? (item: Item) => item.lane : (item: Item) => `${i}:${item.lane}`;
      return partitioned(plan, node, edge, outputOf(outputs, edge)).map((item) => ({ value: item.value, lane: lane(item) }));
    });
    if (node.operation.op === 'sink') sinks.set(index, input);
    outputs.push(run(plan, node, index, input));
  }
  return sinks;
}

function outputOf(outputs: readonly Output[], { from, side }: Edge): readonly Item[] {
  const output = outputs[from] as Output;
  return side === undefined ? output.main : (output.sides.get(side) ?? []);
}

/** The records behind a partitioning. */
function partitioned(plan: Plan, node: PlanNode, edge: Edge, items: readonly Item[]): Item[] {
  const consumers = parallelismOf(plan, node);
  const { partition } = edge;
  if (consumers === 1) return [...items];
  switch (partition?.kind) {
    case 'forward':
    case 'global':
      return [...items];
    case 'broadcast':
      return items.flatMap(({ value, lane }) => Array.from({ length: consumers }, (_, i) => ({ value, lane: `${lane}>${i}` })));
    case 'key':
      return items.map(({ value, lane }) => ({ value, lane: `${lane}#${keyText(keyOf(partition.key, value))}` }));
    case 'custom':
      return items.map(({ value, lane }) => ({ value, lane: `${lane}>${partition.partition(keyOf(partition.key, value), consumers)}` }));
    case undefined:
      if (parallelismOf(plan, plan.nodes[edge.from] as PlanNode) === consumers) return [...items];
  }
  return apart(items);
}

/** Every record in a lane of its own. */
function apart(items: readonly Item[]): Item[] {
  return items.map(({ value, lane }, i) => ({ value, lane: `${lane}.${i}` }));
}

function keyOf(key: Key, value: unknown): unknown {
  if (key.kind === 'selector') return key.select(value as never);
  const fields = value as Record<string, unknown>;
  return key.kind === 'field' ? fields[key.field] : key.fields.map((field) => fields[field]);
}

function run(plan: Plan, node: PlanNode, index: number, input: readonly Item[]): Output {
  const { operation } = node;
  const main = (items: readonly Item[]): Output => ({ main: items, sides: new Map() });
  switch (operation.op) {
    case 'data':
    case 'fromHost':
    case 'sequence':
      return main(sourceItems(plan, node, index, rowsOf(operation)));
    case 'map':
      return main(input.map(({ value, lane }) => ({ value: operation.fn(value as never), lane })));
    case 'filter':
      return main(input.filter(({ value }) => operation.fn(value as never)));
    case 'flatMap':
      return main(input.flatMap(({ value, lane }) => flatMapped(operation.fn, value).map((each) => ({ value: each, lane }))));
    case 'process':
      return processed(operation.process, input);
    case 'sink':
      return main([]);
    default:
      return main(keyed(plan, node, index, input));
  }
}

function rowsOf(operation: Operation & { op: 'data' | 'fromHost' | 'sequence' }): readonly unknown[] {
  if (operation.op !== 'sequence') return operation.rows;
  return Array.from({ length: Math.max(0, operation.to - operation.from + 1) }, (_, i) => operation.from + i);
}

function sourceItems(plan: Plan, node: PlanNode, index: number, rows: readonly unknown[]): Item[] {
  const items = rows.map((value) => ({ value, lane: `n${index}` }));
  return parallelismOf(plan, node) === 1 ? items : apart(items);
}

/** What the function emitted, then what it returned. */
function flatMapped(fn: (...args: never[]) => unknown, value: unknown): unknown[] {
  const emitted: unknown[] = [];
  const emit = (record: unknown): void => void emitted.push(record);
  const returned = (fn as (value: unknown, emit: (record: unknown) => void) => unknown)(value, emit);
  for (const record of (returned ?? []) as Iterable<unknown>) emitted.push(record);
  return emitted;
}

function processed({ body }: ProcessSpec, input: readonly Item[]): Output {
  const main: Item[] = [];
  const sides = new Map<string, Item[]>();
  for (const { value, lane } of input) {
    const side = (id: string, record: unknown): void => {
      const items = sides.get(id) ?? [];
      sides.set(id, items);
      items.push({ value: record, lane });
    };
    body(value as never, side, (record) => void main.push({ value: record, lane }));
  }
  return { main, sides };
}

function keyed(plan: Plan, node: PlanNode, index: number, input: readonly Item[]): Item[] {
  const { operation } = node;
  const partition = node.inputs[0]?.partition;
  if (!isKeyed(operation) || partition?.kind !== 'key') throw new Error(`n${index} is not keyed`);
  const groups = groupBy(input, (item) => keyText(keyOf(partition.key, item.value)));
  const streaming = isStreaming(plan);
  const results = new Map<Item, Item>();
  for (const [text, items] of groups) {
    const isOrdered = new Set(items.map((item) => item.lane)).size === 1;
    if (!isOrdered && (operation.needs === 'ordered' || (streaming && operation.needs === 'free'))) {
      throw new Error(`n${index} needs an order that the records of key ${text} do not have: the plan is wrong, not the engine`);
    }
    const lane = (item: Item): string => (streaming && isOrdered ? item.lane : `n${index}#${text}`);
    for (const [i, item] of items.entries()) {
      if (!streaming && i < items.length - 1) continue;
      const records = items.slice(0, i + 1).map((each) => each.value);
      results.set(item, { value: keyedResult(operation, canonicalKey(keyOf(partition.key, item.value)), records), lane: lane(item) });
    }
  }
  // In the order of the records that they are results of.
  return input.flatMap((item) => results.get(item) ?? []);
}

function groupBy<I>(items: readonly I[], of: (item: I) => string): Map<string, I[]> {
  const groups = new Map<string, I[]>();
  for (const item of items) {
    const group = groups.get(of(item)) ?? [];
    groups.set(of(item), group);
    group.push(item);
  }
  return groups;
}

/** The result of a keyed aggregation of all records of a key so far. */
function keyedResult(operation: KeyedOperation, key: unknown, records: readonly unknown[]): unknown {
  const [first] = records;
  switch (operation.op) {
    case 'reduce':
      return records.reduce(operation.fn as unknown as (a: unknown, b: unknown) => unknown);
    case 'minBy':
    case 'maxBy':
      return extreme(records, (record) => fieldOf(record, operation.field), operation.op === 'minBy' ? -1 : 1);
    case 'sum':
    case 'min':
    case 'max': {
      const values = records.map((record) => fieldOf(record, operation.field));
      const result =
        operation.op === 'sum'
          ? values.reduce((a, b) => (a as number) + (b as number))
          : extreme(values, (value) => value, operation.op === 'min' ? -1 : 1);
      return operation.field === undefined ? result : replaced(first, operation.field, result);
    }
    case 'fold': {
      const { createAccumulator, add, getResult } = operation.fold;
      const result = getResult(
        records.reduce((accumulator, record) => add(record as never, accumulator as never), createAccumulator()) as never,
      );
      return toRow(operation.toRow, result, key);
    }
    case 'aggregate': {
      const results = Object.entries(operation.aggregates).map(([name, aggregate]) => [name, aggregated(aggregate, records)]);
      return toRow(operation.toRow, { key, ...Object.fromEntries(results) }, key);
    }
  }
}

function toRow(fn: ((...args: never[]) => unknown) | undefined, result: unknown, key: unknown): unknown {
  return fn === undefined ? result : (fn as (result: unknown, context: { key: unknown }) => unknown)(result, { key });
}

function fieldOf(record: unknown, field: string | number | undefined): unknown {
  return field === undefined ? record : (record as Record<string, unknown>)[field];
}

/** A copy of the record in which one field has another value. */
function replaced(record: unknown, field: string | number, value: unknown): unknown {
  const copy = Array.isArray(record) ? record.slice() : Object.create(Object.getPrototypeOf(record));
  if (!Array.isArray(record)) Object.defineProperties(copy, Object.getOwnPropertyDescriptors(record));
  Object.defineProperty(copy, field, { value, enumerable: true, writable: true, configurable: true });
  return copy;
}
