/** The plan of a job as text: stages, their operators, the fields that functions read, and the exchanges between them. */

import { analyseClosure, type ParameterUse, parameterUse } from '../compiler/closure-analysis.ts';
import { operatorLabel, partitionerText } from '../graph/describe.ts';
import { type Exchange, planJob, type Stage } from '../graph/job.ts';
import type { JobDescription } from '../graph/job-description.ts';
import { type LogicalOperator, resolveRuntimeMode } from '../graph/logical.ts';
import { typeText } from '../schema/type.ts';

export function explainJob(job: JobDescription): string {
  const mode = resolveRuntimeMode(job.graph, job.mode);
  const graph = planJob(job.graph, { mode, localAggregation: job.localAggregation, chaining: job.chaining });
  const lines = [`mode: ${mode}`];
  for (const stage of graph.stages) lines.push('', ...stageLines(stage));
  if (graph.exchanges.length > 0) lines.push('', 'exchanges:', ...graph.exchanges.map(exchangeLine));
  return `${lines.join('\n')}\n`;
}

function stageLines(stage: Stage): string[] {
  return [`stage ${stage.id} × ${stage.parallelism}`, ...stage.operators.flatMap((operator) => operatorLines(operator))];
}

function operatorLines(operator: LogicalOperator): string[] {
  const type = operator.type === undefined ? '' : ` : ${typeText(operator.type)}`;
  const reads = Object.entries(operator.spec.functions).map(
    ([role, fn]) => `      ${role} reads ${readText(parameterUse(analyseClosure(fn), 0))}`,
  );
  return [`  ${operatorLabel(operator)}${type}`, ...reads];
}

function readText(use: ParameterUse): string {
  if (use.kind === 'unused') return 'nothing';
  return use.kind === 'whole' ? 'the whole record' : use.fields.join(', ');
}

function exchangeLine(exchange: Exchange): string {
  const side = exchange.side === undefined ? '' : ` [side output ${exchange.side}]`;
  return `  ${exchange.from.operator.name}${side} → ${exchange.to.operator.name}: ${partitionerText(exchange.partitioner)}`;
}
