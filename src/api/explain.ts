/**
 * The plan of a job as text: stages with their operators, the types of their records, the fields that functions read, and the
 * exchanges between stages. Pure: nothing of the job is called.
 */

import { analyseClosure, type ParameterUse, parameterUse } from '../compiler/closure-analysis.ts';
import { operatorLabel, partitionerText } from '../graph/describe.ts';
import { type Exchange, planJob, type Stage } from '../graph/job.ts';
import type { JobDescription } from '../graph/job-description.ts';
import { type LogicalEdge, type LogicalGraph, type LogicalOperator, type OperatorSpec, resolveRuntimeMode } from '../graph/logical.ts';
import type { SourceOperator } from '../operators/source.ts';
import { type RecordType, typeText } from '../schema/type.ts';

export function explainJob(job: JobDescription): string {
  const mode = resolveRuntimeMode(job.graph, job.mode);
  const { localAggregation, chaining, faultTolerance } = job;
  const graph = planJob(job.graph, { mode, localAggregation, chaining, checkpoints: faultTolerance.checkpoints !== undefined });
  const lines = [`mode: ${mode}`];
  for (const stage of graph.stages) lines.push('', ...stageLines(stage, job.graph));
  if (graph.exchanges.length > 0) lines.push('', 'exchanges:', ...graph.exchanges.map((exchange) => exchangeLine(exchange, job.graph)));
  return `${lines.join('\n')}\n`;
}

function stageLines(stage: Stage, graph: LogicalGraph): string[] {
  return [`stage ${stage.id} × ${stage.parallelism}`, ...stage.operators.flatMap((operator) => operatorLines(operator, graph))];
}

function operatorLines(operator: LogicalOperator, graph: LogicalGraph): string[] {
  const type = operator.spec.kind === 'sink' ? '' : ` : ${recordsText(operator, graph)}`;
  return [`  ${operatorLabel(operator)}${type}`, ...readings(operator).map(([reader, what]) => `      ${reader} reads ${what}`)];
}

/** The type of the records that an operator emits, as far as it is known before the first one. */
function recordsText(operator: LogicalOperator, graph: LogicalGraph): string {
  const type = recordType(operator, graph);
  return type === undefined ? 'inferred at run time' : typeText(type);
}

/** Declared, known from the source, or that of the records that a filter lets pass. */
function recordType(operator: LogicalOperator, graph: LogicalGraph): RecordType | undefined {
  let at: LogicalOperator | undefined = operator;
  while (at !== undefined && at.type === undefined && at.spec.kind === 'filter' && at.inputs.length === 1) {
    const { from, side } = at.inputs[0] as LogicalEdge;
    if (side !== undefined) return undefined;
    at = graph.operators.find(({ id }) => id === from);
  }
  return at?.type ?? (at?.spec as Partial<SourceOperator> | undefined)?.source?.type;
}

/** What of a record each function, or each aggregator, of an operator reads. */
function readings({ spec }: LogicalOperator): [reader: string, what: string][] {
  // Behind a local aggregation there are no records, but partial results.
  if (spec.kind === 'aggregate-merge' || spec.kind === 'window-merge') return [];
  const functions = Object.entries(spec.functions).flatMap(([role, fn]): [string, string][] => {
    const parameters = recordParameters(spec, role);
    const facts = analyseClosure(fn);
    return parameters.length === 0 ? [] : [[role, readText(parameters.map((index) => parameterUse(facts, index)))]];
  });
  return [...functions, ...readFields(spec)];
}

/** The parameters of a function that take records of the input. */
function recordParameters({ details }: OperatorSpec, role: string): readonly number[] {
  if (role === 'toRow') return [];
  // Where aggregators have names, these are the roles of their functions.
  if (Array.isArray(details?.aggregators)) return [0];
  if (['createAccumulator', 'getResult', 'merge'].includes(role)) return [];
  return role === 'reduce' ? [0, 1] : [0];
}

function readText(uses: readonly ParameterUse[]): string {
  if (uses.some((use) => use.kind === 'whole')) return 'the whole record';
  const fields = uses.flatMap((use) => (use.kind === 'fields' ? use.fields : []));
  return fields.length === 0 ? 'nothing' : [...new Set(fields)].join(', ');
}

/** Fields that are named rather than read by a function: of `sum('bytes')` and its like. */
function readFields({ kind, title, details }: LogicalOperator['spec']): [string, string][] {
  if (title === 'aggregate' && Array.isArray(details?.aggregators)) {
    const aggregators = details.aggregators as readonly (readonly [name: string, kind: string, input: string])[];
    return aggregators.flatMap(([name, aggregator, input]) =>
      input === 'function' ? [] : [[`${name} (${aggregator})`, inputText(input)]],
    );
  }
  if (!['sum', 'min', 'max'].includes(title) || kind === 'source') return [];
  return [[title, (details?.field as string | undefined) ?? 'the whole record']];
}

function inputText(input: string): string {
  if (input === 'none') return 'nothing';
  return input === 'record' ? 'the whole record' : input;
}

function exchangeLine(exchange: Exchange, graph: LogicalGraph): string {
  const { from, to, side, partitioner } = exchange;
  const tag = side === undefined ? '' : ` [side output ${side}]`;
  const records = side === undefined ? recordsText(from.operator, graph) : 'inferred at run time';
  return `  ${from.operator.name}${tag} → ${to.operator.name}: ${partitionerText(partitioner)} : ${records}`;
}
