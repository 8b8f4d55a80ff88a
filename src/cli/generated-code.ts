/**
 * The code that the stages of a job begin with, as text: compiled, but not run. Where the type of the records is not known before
 * they come, so is the code.
 */

import { generatedBy } from '../base/code-writer.ts';
import type { System } from '../base/system.ts';
import { RecordBatch } from '../batch/record-batch.ts';
import { carriesKey } from '../compiler/exchange-writer.ts';
import type { Exchange, Stage } from '../graph/job.ts';
import type { JobDescription } from '../graph/job-description.ts';
import type { LogicalOperator, PartitionerSpec } from '../graph/logical.ts';
import { isSourceOperator } from '../operators/source.ts';
import { type SlotOptions, stageCompiler } from '../runtime/slot.ts';
import { batchOf } from '../runtime/source-input.ts';
import { internType, type RecordType } from '../schema/type.ts';
import { detachedSlot } from './detached-slot.ts';

export function generatedCode(job: JobDescription, system: System): string {
  // The first slot has a subtask of every stage.
  const options = detachedSlot(job, 0, system);
  return options.plan.job.stages.map((stage) => stageText(options, stage)).join('');
}

function stageText(options: SlotOptions, stage: Stage): string {
  const compiler = stageCompiler(options, stage);
  const inputs = knownInputs(options, stage);
  const code = [
    ...inputs.flatMap(({ batch, partitioner, input }) => [...generatedBy(() => compiler.inputLoop(batch, partitioner, input))]),
    ...stage.operators.flatMap((_, index) => [...generatedBy(() => compiler.finishLoop(index))]),
  ];
  const lines = [`\ncode of stage ${stage.id}:`];
  for (const { from } of unknownInputs(options, stage))
    lines.push('', `  // for records of '${from.operator.name}': compiled at run time, when their type is inferred`);
  for (const [name, body] of code) lines.push('', `  // ${decodeURIComponent(name)}`, ...body.split('\n').map((line) => `  ${line}`));
  return `${lines.join('\n')}\n`;
}

interface KnownInput {
  readonly batch: RecordBatch;
  readonly partitioner: PartitionerSpec | undefined;
  readonly input: number;
}

function knownInputs({ plan }: SlotOptions, stage: Stage): KnownInput[] {
  const head = stage.operators[0] as LogicalOperator;
  if (isSourceOperator(head.spec)) {
    // Of a source that gives some of any fields, the columns may be of other types.
    const type = head.type ?? (head.spec.source.hasAnyFields === true ? head.spec.source.type : undefined);
    return [{ batch: type === undefined ? batchOf([]) : emptyBatch(type), partitioner: undefined, input: 0 }];
  }
  const exchanges = stage.inputs.map((id) => plan.job.exchanges[id] as Exchange).filter(isKnown);
  return exchanges.map(({ from, partitioner, input }) => ({ batch: emptyBatch(from.operator.type as RecordType), partitioner, input }));
}

/** Whether the type of what comes through an exchange is settled before the first record. */
function isKnown({ from, side, partitioner }: Exchange): boolean {
  return from.operator.type !== undefined && side === undefined && !carriesKey(partitioner);
}

function unknownInputs({ plan }: SlotOptions, stage: Stage): Exchange[] {
  return stage.inputs.map((id) => plan.job.exchanges[id] as Exchange).filter((exchange) => !isKnown(exchange));
}

function emptyBatch(type: RecordType): RecordBatch {
  return new RecordBatch(internType(type), { capacity: 0, timestamps: false, hashes: false });
}
